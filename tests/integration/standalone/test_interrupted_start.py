"""A command that is told to stop, whenever that is, leaves no Postgres behind."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S

COPQ = [sys.executable, "-c", "from copq.command_line.command import main; main()"]
POSTGRES = "postgres/postmaster.pid"


def servers(folder: Path) -> list[int]:
    """Processes that work in the data folder."""
    inside = str(folder.resolve())
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(inside):
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found


def wait_for(what: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while not what.exists():
        assert time.monotonic() < until, f"no {what}"
        time.sleep(0.005)


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COPQ, *words, "--data", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that is set up, so that starting is all there is to do."""
    made = tmp_path_factory.mktemp("interrupted") / "data"
    subprocess.run([*COPQ, "migrate", "--data", str(made)], check=True, capture_output=True)
    return made


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("after", [0.0, 0.03])
def test_a_signal_while_postgres_starts_stops_postgres(
    folder: Path, by: signal.Signals, after: float
) -> None:
    command = started(folder, "verify")
    wait_for(folder / POSTGRES)
    time.sleep(after)
    os.killpg(command.pid, by)  # as a terminal, or an init system, does it
    _, said = command.communicate(timeout=PATIENCE_S)
    assert command.returncode == 128 + by, said
    assert "Traceback" not in said
    assert servers(folder) == []


def test_a_signal_while_a_folder_is_made_leaves_nothing_half_made(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    command = started(folder, "up", "--port", "18999")
    wait_for(folder)
    time.sleep(0.3)
    command.terminate()
    _, said = command.communicate(timeout=PATIENCE_S)
    assert command.returncode in (0, 143) and "Traceback" not in said
    assert servers(folder) == []
    assert not list(folder.glob("postgres.new-*"))


def test_a_service_says_why_it_stops_and_that_it_has(folder: Path) -> None:
    port = str(free_ports(1)[0])
    service = started(folder, "up", "--port", port)
    assert service.stdout is not None and "COPQ is at" in service.stdout.readline()
    for path in ("/", "/healthz", "/metrics", "/v1/copq", "/v1/entries?format=csv"):
        got = httpx.get(f"http://127.0.0.1:{port}{path}", verify=False)
        head = httpx.head(f"http://127.0.0.1:{port}{path}")
        assert (head.status_code, head.content) == (got.status_code, b"") and got.is_success
    service.terminate()
    _, said = service.communicate(timeout=PATIENCE_S)
    assert service.returncode == 0, said
    first, last = [line for line in said.splitlines() if " copq " in line][-2:]
    line = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO copq "
    assert re.match(f"{line}SIGTERM: finishing what is under way", first), said
    assert re.match(rf"{line}stopped, \d\.\d s after it began to", last), said
    assert servers(folder) == []
