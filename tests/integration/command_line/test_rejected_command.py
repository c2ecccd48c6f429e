"""`copq rejected replay`: from whom it came, and what it does not let in by the dozen."""

import asyncio
import json
from typing import Any

import asyncpg
from typer.testing import CliRunner

from copq.access.sender import Sender
from copq.command_line.command import app
from copq.database.connections import DatabaseRole, connected
from copq.rates.store import import_rates
from copq.standalone.intake import LedgerIntake, pool_of
from tests.support.building import defect, rates

AT = "2026-03-02T10:00:00+01:00"
PRESS = Sender("press", frozenset({("north", "L1")}))


async def _refuse(database: str) -> None:
    """Before there are rates: a good event under a name of another line, and one with a fault."""
    async with await pool_of(database, size=1) as pool:
        raws = [defect("foreign", AT, line="L2"), defect("early", AT).replace(b"L1", b"L1\\u0000")]
        await LedgerIntake(pool).accept(raws, PRESS)
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(), "rates.yaml", "test")


def _replay(database: str, *words: str) -> Any:
    told = CliRunner().invoke(app, ["rejected", "replay", *words, "--json", "--database", database])
    return json.loads(told.stdout)


async def _sent_by(database: str) -> list[tuple[str, str]]:
    conn = await asyncpg.connect(database)
    rows = await conn.fetch("select event_id, sent_by from copq.event order by 1")
    await conn.close()
    return [tuple(row) for row in rows]


def test_what_was_out_of_scope_is_let_in_by_its_id_alone_and_keeps_its_sender(
    database: str,
) -> None:
    asyncio.run(_refuse(database))
    assert _replay(database)["replayed"] == 0
    assert asyncio.run(_sent_by(database)) == []
    foreign = asyncio.run(_id_of(database))
    assert _replay(database, str(foreign)) == {"replayed": 1, "refused_again": []}
    assert asyncio.run(_sent_by(database)) == [("foreign", "press")]


async def _id_of(database: str) -> int:
    conn = await asyncpg.connect(database)
    found: int = await conn.fetchval(
        "select rejected_id from copq.rejected where code = 'out_of_scope'"
    )
    await conn.close()
    return found


def _run(database: str, *words: str, code: int = 0) -> Any:
    told = CliRunner().invoke(app, ["rejected", *words, "--database", database])
    assert told.exit_code == code, told.output
    return told


def test_the_list_names_event_and_sender_and_says_that_there_are_more(database: str) -> None:
    asyncio.run(_refuse(database))
    said = _run(database, "list", "--limit", "1")
    assert "these are the newest 1; older ones with: --limit 10" in said.stderr
    [newest] = json.loads(_run(database, "list", "--limit", "1", "--json").stdout)
    assert (newest["event_id"], newest["sent_by"]) == ("early", "press")
    whole = _run(database, "list")
    assert "foreign" in whole.stdout and "press" in whole.stdout and whole.stderr == ""


def test_an_id_that_is_not_there_is_told_and_nothing_is_sent(database: str) -> None:
    asyncio.run(_refuse(database))
    foreign = asyncio.run(_id_of(database))
    said = _run(database, "replay", str(foreign), "9999", code=2)
    assert "there is no refused event 9999; nothing was sent" in said.stderr
    assert asyncio.run(_sent_by(database)) == []
