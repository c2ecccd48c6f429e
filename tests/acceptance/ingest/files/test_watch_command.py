"""`copq watch` and `copq up --watch`: what is wrong with their options is said before anything."""

from pathlib import Path

import pytest

from copq.ingest.files.shelves import Shelves
from tests.support.ingest.files.converting import SMALL
from tests.support.patience import PATIENCE_S
from tests.support.programs.forked import run_copq


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["watch", "none", "--mapping", "small.yaml"], "make it first, then watch it"),
        (
            ["watch", "in", "--mapping", "*.csv=gone.yaml"],
            "cannot read gone.yaml: No such file or directory",
        ),
        (["watch", "in", "--mapping", "bad.yaml"], "bad.yaml is refused; nothing was imported"),
        (["up", "--watch", "in"], "--watch needs a --mapping FILE"),
        (["up", "--mapping", "small.yaml"], "say which, by --watch FOLDER"),
    ],
)
def test_wrong_options_are_usage_errors(words: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "bad.yaml").write_text("name: [")
    done = run_copq(*words, timeout=PATIENCE_S, folder=tmp_path)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr


def test_a_second_watch_on_a_folder_refuses(database: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "small.yaml").write_text(SMALL)
    held = Shelves(tmp_path / "in")
    words = ("watch", "in", "--mapping", "small.yaml", "--database", database)
    done = run_copq(*words, timeout=PATIENCE_S, folder=tmp_path)
    held.close()
    assert done.returncode == 2 and "another copq watches" in done.stderr
