"""The examples of docs/periods.md, run as they stand on a few days of the log."""

import json
import re
import shutil
from pathlib import Path

from tests.acceptance.access.test_docs import ROOT, examples, shell
from tests.support.docs.bottling import shorten_log


def test_the_page_runs(database: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shorten_log(tmp_path, "2025-06-13", "2025-06-14")
    close, ask = examples("periods.md")
    there = f"cd {tmp_path}\n"
    said = shell(there + close, database, "")
    assert re.search(r"Closed: 2025-06 of bottling, closing 1, [\d,]+ entries\.", said)
    assert "June, as reported to the group" in said
    assert "Locked: 2025-06 of bottling." in said
    assert "No difference" in shell("copq verify", database, "")
    said = shell(ask, database, "")
    assert "as restated, as of" in said and "; as first reported" in said
    assert "not closed yet" not in said
    as_of = json.loads(said[said.index("\n{") :])
    assert as_of["rows"] == [] and as_of["as_of"] == "2025-07-03T18:00:00-04:00"
    assert as_of["reported"] == "the ledger as of 2025-07-03T18:00:00-04:00"
