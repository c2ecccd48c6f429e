"""AdventureWorks' cost history: a cost that was entered wrongly is corrected for the past."""

from decimal import Decimal
from typing import Any

import asyncpg

from copq.figures.verify import verify
from copq.posting.late_pricing import settle
from copq.rates.store import import_rates, load
from copq.repricing.planning import plan
from copq.repricing.reach import RepricingScope
from copq.schemas.rates import CostTable, RateFile, Stage
from tests.support.building import event, plant, post_events
from tests.support.repricing.oracle import reprice
from tests.unit.pricing.test_published import HISTORY, _dated


def tables(wrong: dict[str, str]) -> RateFile:
    """The published history, with some costs as they were entered wrongly at first."""
    found = [
        CostTable(
            product=product, **_dated(row),
            stages=(Stage(stage="whole", raw_material=_entered(row["unit_cost"], wrong)),),
        )
        for product, rows in HISTORY["cost_history"].items()
        for row in rows
    ]  # fmt: skip
    return RateFile(plants=(plant(currency="USD"),), cost_tables=tuple(found))


def _entered(cost: str, wrong: dict[str, str]) -> Decimal:
    return Decimal(wrong.get(cost, cost))


async def test_a_cost_corrected_for_the_past_ends_with_the_published_costs(
    conn: asyncpg.Connection, database: str
) -> None:
    sold = [
        event("scrap", f"{case['product']}-{n}", occurred_at=f"{case['occurred_at']}Z", quantity=1,
              product=case["product"])
        for n, case in enumerate(HISTORY["cases"])
    ]  # fmt: skip
    await import_rates(conn, tables({"13.8782": "31.8782"}), "t", "t")
    await post_events(conn, await load(conn), sold)
    await import_rates(conn, tables({}), "t", "t")
    planned = await plan(database, RepricingScope(), lambda _: None)
    [change] = planned.changes
    wrong, right = Decimal("31.8782"), Decimal("13.8782")
    assert (change.product, change.month.year, change.events) == ("707", 2012, 1)
    assert (change.reversed, change.booked, change.delta) == (wrong, right, right - wrong)
    assert planned.seen < len(sold), "the year alone is looked at"
    await reprice(database)
    await settle(conn, await load(conn))
    assert await verify(conn) == []
    assert await standing(conn) == {
        f"{case['product']}-{n}": Decimal(case["unit_cost"])
        for n, case in enumerate(HISTORY["cases"]) if case["unit_cost"]
    }  # fmt: skip


async def standing(conn: asyncpg.Connection) -> dict[str, Any]:
    rows = await conn.fetch("select event_id, sum(gross) from copq.ledger group by 1")
    return {row[0]: row[1] for row in rows}
