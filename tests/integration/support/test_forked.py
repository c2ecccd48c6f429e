"""A fork of the preloaded copq is a process like any other."""

import os
import signal
from pathlib import Path

import pytest

from tests.support.faults.processes import Service
from tests.support.patience import PATIENCE_S
from tests.support.programs.forked import preloaded, run_copq


def test_it_has_words_output_complaints_and_an_exit_code_of_its_own() -> None:
    done = run_copq("--version", timeout=PATIENCE_S)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("copq ")
    wrong = run_copq("nothing", timeout=PATIENCE_S)
    assert (wrong.returncode, wrong.stdout) == (2, "") and "nothing" in wrong.stderr


def test_it_has_a_folder_and_an_environment_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "rates.yaml").write_text("not: rates")
    away = {"DATABASE_URL": "postgresql://127.0.0.1:1/away", "PATH": os.environ["PATH"]}
    words = ("rates", "import", "rates.yaml")
    read = run_copq(*words, timeout=PATIENCE_S, folder=tmp_path, environment=away)
    assert read.returncode == 2 and "rates.yaml" in read.stderr
    asked = run_copq("tokens", "list", timeout=PATIENCE_S, environment=away)
    assert asked.returncode == 3 and "127.0.0.1" in asked.stderr


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_signal_reaches_it_and_nothing_is_left(tmp_path: Path, number: signal.Signals) -> None:
    service = Service(tmp_path, "up", "up", "--database", "postgresql://127.0.0.1:1/x").start()
    pid = service.pid
    assert os.getpgid(pid) != os.getpgid(0)
    service.tell(number)
    service.kill()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_has_one_thread_before_it_forks() -> None:
    assert run_copq("--version", timeout=PATIENCE_S).returncode == 0
    assert len(list(Path(f"/proc/{preloaded().pid}/task").iterdir())) == 1
