"""Cells of a plan against an oracle: each standing row of the ledger, priced by one set of rates.

Random histories, as in `test_explained`; the frozen rates are put together from the rows of the
rate book, and stops are priced by their seconds.
"""

import asyncio
import json
from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import asyncpg
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from copq.figures.books import Books
from copq.figures.project_cells import Asked, Others, PlanDay, Reading, read_days, scopes_of
from copq.figures.project_pricing import FrozenPrices
from copq.figures.window import Window
from copq.improvement.projects.plan import Exposure, Plan
from copq.ledger.arithmetic import MONEY
from copq.posting.post import prepare
from copq.pricing.price import price
from copq.rates.book import RateBook
from copq.rates.frozen import frozen_book
from copq.rates.store import book_of, import_rates, load
from copq.schemas.decode import decode
from copq.schemas.priced import Outcome
from copq.schemas.rates import RateFile
from tests.integration.histories.test_explained import FULL, INSTANTS, histories, play
from tests.support.building import LONG_AGO, plant, rates
from tests.support.searching import examples
from tests.support.tampering import empty

D = Decimal
FIRST, DAYS = date(2026, 1, 31), 8
Cells = dict[tuple[date, str, str], tuple[Decimal, Decimal, Decimal]]

SCOPES: list[dict[str, set[str]]] = [
    {}, {"line": {"L1"}}, {"line": {"L1", "L2"}, "product": {"widget"}}, {"product": {""}},
    {"element": {"downtime", "defect"}}, {"stage": {"S2"}, "line": {"L2"}},
    {"category": {"external_failure"}}, {"product": {"widget", ""}, "element": {"rework"}},
]  # fmt: skip


def plan(scope: dict[str, set[str]], exposure: Exposure = Exposure.UNITS) -> Plan:
    return Plan(
        plant="north", scope={name: frozenset(names) for name, names in scope.items()},
        baseline_first=FIRST, baseline_last=FIRST, starts=FIRST, currency="EUR", exposure=exposure,
    )  # fmt: skip


async def frozen_rates(conn: Any, at: datetime) -> RateBook:
    """Each rate as it was in force at an instant, else as it was first."""
    chosen: dict[tuple[str, str], Any] = {}
    for row in await conn.fetch(
        "select distinct on (kind, key, effective_from) kind, key, effective_from, content"
        " from copq.rate_item where kind <> 'plant'"
        " order by kind, key, effective_from, revision desc"
    ):
        key = row["kind"], row["key"]
        if key not in chosen or row["effective_from"] <= at:
            content = {**json.loads(row["content"]), "effective_from": LONG_AGO}
            chosen[key] = {**content, "effective_to": None}
    kinds = {"cost_table": "cost_tables", "line_rate": "line_rates", "labour_rate": "labour_rates"}
    items: dict[str, list[Any]] = defaultdict(list)
    for (kind, _), content in chosen.items():
        items[kinds[kind]].append(content)
    return book_of(RateFile.model_validate({"plants": [plant()], **items}))


def frozen_cost(row: Any, book: RateBook) -> Decimal:
    """What a standing row costs at the frozen rates; as booked where that is not known."""
    if row["element"] in ("downtime", "planned_stop"):
        rate = book.line_rate("north", row["line"], row["occurred_at"])
        assert rate is not None
        return D(row["seconds"] * rate.item.per_hour(row["element"] == "planned_stop") / 3600)
    if row["payload"] is None:
        return D(row["net"])
    with localcontext(MONEY):
        priced = price(decode(row["payload"].encode()), book)
    if priced.outcome != Outcome.PRICED:
        return D(row["net"])
    [net] = [entry.net for entry in priced.entries if entry.element == row["element"]]
    return D(net)


def in_scope(scope: dict[str, set[str]], row: Any, *but: str) -> bool:
    return all((row[name] or "") in names for name, names in scope.items() if name not in but)


async def oracle(conn: Any, scope: dict[str, set[str]], book: RateBook) -> Cells:
    rows = await conn.fetch(
        "select l.*, e.payload from copq.ledger as l left join copq.event as e"
        " using (occurred_at, event_id)"
    )
    taken_back = {(row["event_id"], row["reverses"]) for row in rows}
    found: dict[Any, list[Decimal]] = defaultdict(lambda: [D(0), D(0), D(0)])
    of_places = {name: names for name, names in scope.items() if name in ("line", "product")}
    for row in rows:
        if row["reverses"] is not None or (row["event_id"], row["entry_no"]) in taken_back:
            continue
        own = row["day"], row["line"], row["product"] or ""
        if row["category"] != "none" and in_scope(scope, row):
            found[own][0] += row["net"]
            found[own][1] += frozen_cost(row, book)
        if row["element"] == "production":
            for line in (row["line"], ""):
                for product in (row["product"], ""):
                    if in_scope(of_places, {"line": line, "product": product}):
                        found[row["day"], line, product][2] += row["quantity"]
    return {place: _rounded(*figures) for place, figures in found.items() if any(figures)}


def _rounded(*figures: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    booked, frozen, exposure = (round(figure, 6) for figure in figures)
    return booked, frozen, exposure


def cells(days: list[PlanDay]) -> Cells:
    found: Cells = {}
    for day in days:
        for (line, product, _), own in day.cells.items():
            figures = _rounded(own.booked, own.at_frozen_rates, own.exposure)
            if any(figures):
                found[day.day, line, product] = figures
    return found


@examples(0.08)
@given(steps=histories(), at=INSTANTS, data=st.data())
def test_cells_are_the_ledgers_rows_at_one_set_of_rates(
    database: str, steps: list[tuple[str, Any]], at: datetime, data: st.DataObject
) -> None:
    """Without the cost of dispatches, which depends on when they were booked."""
    scope = data.draw(st.sampled_from(SCOPES))

    async def run() -> None:
        conn = await asyncpg.connect(database)
        try:
            await prepare(conn)
            await empty(conn)
            free = {**FULL, "recovery_overhead_per_day": D(0)}
            await import_rates(conn, rates(**free), "rates", "finance")
            await play(conn, database, [(n, _free(w) if n == "rates" else w) for n, w in steps])
            newest = await load(conn)
            async with conn.transaction(isolation="repeatable_read"):
                days = await read_days(
                    conn, Books(), newest, plan(scope), frozen_book(newest, at),
                    [FIRST + timedelta(days=number) for number in range(DAYS)],
                )  # fmt: skip
                due = await oracle(conn, scope, await frozen_rates(conn, at))
            assert cells(days) == due, (scope, steps)
            is_dropped = any(name == "drop" for name, _ in steps)
            assert is_dropped or not sum(day.left_as_booked for day in days), steps
        finally:
            await conn.close()

    asyncio.run(run())


@settings(examples(0.06), phases=[Phase.explicit, Phase.generate])
@given(steps=histories(), data=st.data())
def test_plans_that_are_read_at_once_have_the_cells_that_each_has_alone(
    database: str, steps: list[tuple[str, Any]], data: st.DataObject
) -> None:
    """Each at rates of its own, on days of its own, and some as the ledger was before: as it was
    read then. Bytes that were dropped since would leave more as booked."""
    plans = data.draw(st.lists(plans_of_scopes(), min_size=1, max_size=5))
    cut = data.draw(st.integers(0, len(steps)))

    async def run() -> None:
        conn = await asyncpg.connect(database)
        try:
            await prepare(conn)
            await empty(conn)
            await import_rates(conn, rates(**FULL), "rates", "finance")
            frozen = [frozen_book(await load(conn), at) for _, _, at in plans]
            others = {100 + place: plan.scope for place, (plan, _, _) in enumerate(plans)}
            asked = [
                Asked(plan=plan, frozen=book, days=days, others=_but(others, 100 + place))
                for place, ((plan, days, _), book) in enumerate(zip(plans, frozen, strict=True))
            ]
            await play(conn, database, _kept(steps[:cut]))
            then, before = await _each_alone(conn, asked)
            await play(conn, database, _kept(steps[cut:]))
            _, after = await _each_alone(conn, asked)
            earlier = [replace(one, booked_until=then) for one in asked]
            async with conn.transaction(isolation="repeatable_read"):
                reading = Reading(
                    [*asked, *earlier], scopes_of([*asked, *earlier]), Window(FIRST, FIRST + WEEK)
                )
                await reading.read(conn)
                prices = FrozenPrices(conn, Books(), await load(conn))
                await reading.price(conn, prices, reading.days)
            assert list(reading.days.values()) == [*after, *before], (plans, steps)
        finally:
            await conn.close()

    asyncio.run(run())


WEEK = timedelta(days=DAYS)
PlanDays = tuple[Plan, list[date], datetime]


@st.composite
def plans_of_scopes(draw: st.DrawFn) -> PlanDays:
    """A plan, days to read, and an instant for its rates."""
    scope = draw(st.sampled_from([*SCOPES, {"stage": {"", "S2"}}, {"element": {"planned_stop"}}]))
    numbers = draw(st.sets(st.integers(0, DAYS - 1), min_size=1))
    days = [FIRST + timedelta(days=number) for number in sorted(numbers)]
    return plan(scope, draw(st.sampled_from(Exposure))), days, draw(INSTANTS)


def _but(others: Others, number: int) -> Others:
    return {own: scope for own, scope in others.items() if own != number}


def _kept(steps: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [step for step in steps if step[0] != "drop"]


async def _each_alone(conn: Any, asked: list[Asked]) -> tuple[datetime, list[PlanDay]]:
    newest = await load(conn)
    async with conn.transaction(isolation="repeatable_read"):
        found = [
            day
            for one in asked
            for day in await read_days(
                conn, Books(), newest, one.plan, one.frozen, one.days, one.others
            )
        ]
    return await conn.fetchval("select clock_timestamp()"), found


def _free(file: RateFile) -> RateFile:
    update = {"recovery_overhead_per_day": D(0)}
    tables = tuple(table.model_copy(update=update) for table in file.cost_tables)
    return file.model_copy(update={"cost_tables": tables})
