"""The examples of docs/periods.md, run as they stand."""

import json

from tests.acceptance.access.test_docs import examples, shell


def test_the_page_runs(database: str) -> None:
    close, ask = examples("periods.md")
    said = shell(close, database, "")
    assert "Closed: 2025-06 of bottling, closing 1, 50,899 entries." in said
    assert "June, as reported to the group" in said
    assert "Locked: 2025-06 of bottling." in said
    assert "No difference" in shell("copq verify", database, "")
    said = shell(ask, database, "")
    assert "as restated, as of" in said and "; as first reported" in said
    assert "not closed yet" not in said
    as_of = json.loads(said[said.index("\n{") :])
    assert as_of["rows"] == [] and as_of["as_of"] == "2025-07-03T18:00:00-04:00"
    assert as_of["reported"] == "the ledger as of 2025-07-03T18:00:00-04:00"
