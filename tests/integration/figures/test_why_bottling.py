"""The known troubles of the bottling plant: those that `copq why` finds, those it cannot, and what
fixes would save."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from copq.figures.books import Books
from copq.figures.drivers_answer import DriversRequest, answer_drivers
from copq.figures.what_if import answer_what_if
from copq.figures.what_if_query import WhatIfRequest
from copq.figures.why import ExplainedChange, WhyRequest, answer_why
from copq.rates.store import load
from tests.support.ingest.files.ledger import import_log, ledger
from tests.support.ingest.files.plant import log, write

NOW = datetime(2025, 7, 1, tzinfo=UTC)
FIRST, LAST = "2025-06-05", "2025-06-09"


@pytest.fixture
async def bottling(database: str, tmp_path: Path) -> AsyncIterator[Any]:
    """Four days of the log, in which the filler of line 3 breaks down."""
    rows = [row for row in log() if f"{FIRST} 06" <= row["Timestamp"] < f"{LAST} 06"]
    async with ledger(database) as intake:
        await import_log(write(tmp_path / "part.csv", rows, rows[0]), intake, tmp_path)
    conn = await asyncpg.connect(database)
    yield conn
    await conn.close()


async def change(conn: Any, **asked: Any) -> ExplainedChange:
    request = WhyRequest(plant="bottling", **asked)
    [found] = (await answer_why(conn, await load(conn), request, NOW)).changes
    assert sum(part.change for part in found.parts) == found.change == found.after - found.before
    return found


async def test_troubles_are_found_where_they_change_what_is_lost(bottling: Any) -> None:
    weekend = await change(
        bottling, start="2025-06-07", end=LAST, before_start=FIRST, before_end="2025-06-07"
    )
    the_breakdown_is_named(weekend)
    the_product_with_much_scrap_is_in_the_mix_and_no_cause(weekend)
    await a_packer_that_always_jams_explains_no_change_and_drivers_name_it(bottling, weekend)
    await what_their_fixes_would_save_is_less_than_they_cost(bottling)


def the_breakdown_is_named(found: ExplainedChange) -> None:
    """A long mechanical failure of a filler, on the first day of the weekend."""
    [only] = found.in_one_window
    assert only.name == "line 3, element downtime, code UNP-MECH, machine LINE3-FIL"
    assert (only.before, only.after, only.entries_after) == (0, 3240, 6)
    assert only.command == (
        "copq entries --category copq --from 2025-06-07 --to 2025-06-09 --plant bottling --line 3 "
        "--element downtime --code UNP-MECH --machine LINE3-FIL"
    )


def the_product_with_much_scrap_is_in_the_mix_and_no_cause(found: ExplainedChange) -> None:
    """SKU-1002 loses three times as much as others, before and after; more of it was made."""
    [mix] = [part for part in found.parts if part.kind == "mix"]
    assert mix.change > Decimal(2_000)
    assert not [part for part in found.parts if "SKU-1002" in (part.cause or "")]


async def a_packer_that_always_jams_explains_no_change_and_drivers_name_it(
    conn: Any, found: ExplainedChange
) -> None:
    assert not [part for part in found.parts if "LINE2-PCK" in (part.cause or "")]
    asked = DriversRequest(plant="bottling", start=FIRST, end=LAST)
    worst = (await answer_drivers(conn, await load(conn), asked, NOW, 10)).rows
    assert ("LINE2-PCK", "UNP-JAM") in [(row.work_unit, row.defect_code) for row in worst]


async def what_their_fixes_would_save_is_less_than_they_cost(conn: Any) -> None:
    """Other stops of the line cover some of the time of the jams and of the breakdown."""
    for code, machine in (("UNP-JAM", "LINE2-PCK"), ("UNP-MECH", "LINE3-FIL")):
        change = f"remove code={code} machine={machine}"
        request = WhatIfRequest(plant="bottling", change=change, start=FIRST, end=LAST)
        found = await answer_what_if(conn, Books(), await load(conn), request, NOW)
        own = [one for one in found.entries if one.changed == 0]
        others = [one for one in found.entries if one.changed > one.booked]
        [copq] = [total for total in found.totals if total.figure == "copq"]
        assert own and others and {one.defect_code for one in own} >= {code}
        assert -copq.difference < sum(one.booked for one in own)
        assert copq.difference == sum(one.difference for one in found.entries)
