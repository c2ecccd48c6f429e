"""`copq corrections list`: what became of each correction, and why."""

import asyncio
import json

import asyncpg
import pytest
from typer.testing import CliRunner

from copq.command_line.command import app
from copq.posting.post import prepare
from tests.support.building import book, defect, event, post_events

AT = "2026-03-02T10:00:00+01:00"


@pytest.fixture
def corrected(database: str) -> str:
    """A correction in force, one that waits, and one that names another line."""

    async def fill() -> None:
        conn = await asyncpg.connect(database)
        await prepare(conn)
        why = {"occurred_at": AT, "reason": "counted twice", "source": "foreman"}
        brings = {"replacement": json.loads(defect("b", AT, 3))}
        events = [
            defect("a", AT, 5),
            event("correction", "c1", corrects="a", **why, **brings),
            event("correction", "c2", corrects="unknown", **why),
            event("correction", "c3", corrects="a", line="L2", **why),
        ]
        await post_events(conn, book(), events)
        await conn.close()

    asyncio.run(fill())
    return database


def run(database: str, *words: str) -> str:
    arguments = ["corrections", "list", "--database", database, *words]
    shown = CliRunner().invoke(app, arguments, env={"COLUMNS": "240"})
    assert shown.exit_code == 0, shown.output
    return shown.output


def test_each_has_its_state_its_reason_and_its_links(corrected: str) -> None:
    found = {c["event_id"]: c for c in json.loads(run(corrected, "--json"))["corrections"]}
    assert {i: c["state"] for i, c in found.items()} == {
        "c1": "applied", "c2": "waiting", "c3": "not_applicable",
    }  # fmt: skip
    assert found["c1"]["entries"] == ["a#2", "b#1"]
    assert (found["c1"]["replacement"], found["c1"]["booked_by"]) == ("b", "foreman")
    assert 'line "L1"' in found["c3"]["why"]


def test_those_in_a_state_are_shown_alone(corrected: str) -> None:
    shown = run(corrected, "--state", "waiting")
    assert "c2" in shown and "counted twice" in shown and "c1" not in shown


def test_no_correction_is_said_so(database: str) -> None:
    assert "No correction" in run(database)
