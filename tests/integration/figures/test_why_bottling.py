"""The known troubles of the bottling plant: the question that finds each, what `copq why` cannot
say, and what fixes would save."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from copq.figures.books import Books
from copq.figures.drivers_answer import DriversRequest, answer_drivers
from copq.figures.kpi_answer import KpiRequest, answer_kpis
from copq.figures.what_if import answer_what_if
from copq.figures.what_if_query import WhatIfRequest
from copq.figures.why import ExplainedChange, WhyRequest, answer_why
from copq.rates.store import load
from tests.support.docs.tables import answer, asked
from tests.support.ingest.files.bottling_questions import (
    FIRST,
    LAST,
    NOW,
    hours_after_changeovers,
    scrap_of_hours,
    speeds,
)
from tests.support.ingest.files.ledger import import_log, ledger
from tests.support.ingest.files.plant import log, write


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


async def test_each_trouble_is_found_by_its_question(bottling: Any, database: str) -> None:
    weekend = await change(
        bottling, start="2025-06-07", end=LAST, before_start=FIRST, before_end="2025-06-07"
    )
    the_breakdown_is_named(weekend)
    the_product_with_much_scrap_is_in_the_mix_and_no_cause(weekend)
    await the_product_with_much_scrap_has_twice_the_ratio_of_others(bottling)
    await a_packer_that_always_jams_explains_no_change_and_drivers_name_it(bottling, weekend)
    await one_product_is_slow_on_lines_1_and_3(bottling)
    await hours_after_a_changeover_have_twice_the_scrap(bottling)
    await what_their_fixes_would_save_is_less_than_they_cost(bottling)
    await the_document_quotes_the_answers_of_the_commands(database)


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


async def the_product_with_much_scrap_has_twice_the_ratio_of_others(conn: Any) -> None:
    """Of units of all three stages, over units that left the line."""
    asked = KpiRequest(plant="bottling", by="product", start=FIRST, end=LAST)
    rows = (await answer_kpis(conn, await load(conn), asked, NOW, None)).rows
    ratios = {row.dims["product"]: row.scrap_ratio or 0 for row in rows}
    worst = ratios.pop("SKU-1002")
    assert round(worst, 3) == Decimal("0.446") and worst > 2 * max(ratios.values())


async def a_packer_that_always_jams_explains_no_change_and_drivers_name_it(
    conn: Any, found: ExplainedChange
) -> None:
    """No other stop has as many entries; each is short."""
    assert not [part for part in found.parts if "LINE2-PCK" in (part.cause or "")]
    asked = DriversRequest(plant="bottling", start=FIRST, end=LAST)
    rows = (await answer_drivers(conn, await load(conn), asked, NOW, 100)).rows
    most = max((row for row in rows if row.element == "downtime"), key=lambda row: row.entries)
    assert (most.work_unit, most.defect_code, most.net) == ("LINE2-PCK", "UNP-JAM", 13_380)
    assert most.entries == 155 and round(most.seconds / most.entries / 60) == 7


async def one_product_is_slow_on_lines_1_and_3(conn: Any) -> None:
    """An entry of production is five minutes of a palletizer that runs."""
    assert await speeds(conn, "SKU-2002") == [295, 346, 265]
    for product in ("SKU-1002", "SKU-2001", "SKU-3001"):
        others = await speeds(conn, product)
        assert max(others) < Decimal("1.07") * min(others)


async def hours_after_a_changeover_have_twice_the_scrap(conn: Any) -> None:
    """Those in which one ends, and those after them, on all lines."""
    after, others = await scrap_of_hours(conn, await hours_after_changeovers(conn))
    assert (after.scrap, after.share) == (Decimal("18465.90"), Decimal("0.410"))
    assert others.share == Decimal("0.207")


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


async def the_document_quotes_the_answers_of_the_commands(database: str) -> None:
    for row in asked("docs/why.md", "The bottling plant's troubles"):
        said = " ".join([await answer(command, database) for command in row.commands])
        assert row.quotes and [quote for quote in row.quotes if quote not in said] == []
