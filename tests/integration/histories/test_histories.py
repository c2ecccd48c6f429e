"""Random histories on the real database, against a model of the rules in a few dozen lines.

Events, duplicates, corrections in any order, rates for the past, repricing, closings and
reopenings, cut into any batches.
"""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.access.authority import Actor
from copq.audit.anchoring import make_anchor
from copq.figures.basis import As, Basis
from copq.figures.report import ReportQuery, report
from copq.figures.verify import verify
from copq.periods.closing import Order, close, reopen
from copq.periods.period import PeriodError
from copq.periods.unfinished import KINDS
from copq.posting.late_pricing import settle
from copq.posting.post import prepare
from copq.rates.store import import_rates, load
from copq.repricing.applying import apply
from copq.repricing.reach import RepricingScope
from copq.schemas.rates import CostTable, RateFile, Stage
from tests.support.building import LONG_AGO, post_events, rates
from tests.support.histories.model import BERLIN, Books, Event
from tests.support.searching import examples
from tests.support.tampering import empty

MONTHS = tuple(date(2026, month, 1) for month in (1, 2, 3, 4))
"""Closed in this order. Nothing occurs before February but in the hours that are January's."""

INSTANTS = st.builds(
    lambda month, minutes: datetime(2026, month.month, 1, 3, tzinfo=UTC) + minutes,
    st.sampled_from(MONTHS[1:]),
    st.one_of(st.integers(0, 600), st.integers(0, 40_000)).map(lambda m: timedelta(minutes=m)),
)
"""Many of them about the hour at which a month begins."""
LINES = st.sampled_from(["L1", "L1", "L2"])


@st.composite
def bodies(draw: st.DrawFn, event_id: str) -> Event:
    """A reject of a widget, or of a gadget that has no table at first, or a stop."""
    kind = draw(st.sampled_from(["widget", "widget", "gadget", "downtime"]))
    at, where = draw(INSTANTS), {"event_id": event_id, "plant": "north", "line": draw(LINES)}
    if kind == "downtime":
        ended = (at + timedelta(minutes=draw(st.integers(1, 150)))).isoformat()
        stop = {"event_type": kind, "started_at": at.isoformat(), "ended_at": ended}
        return {**where, **stop, "work_unit": draw(st.sampled_from(["M1", "M2"]))}
    stage = "S1" if kind == "gadget" else draw(st.sampled_from(["S1", "S2"]))
    what = {"event_type": draw(st.sampled_from(["defect", "scrap"])), "product": kind}
    return {
        **where, **what, "occurred_at": at.isoformat(), "stage": stage,
        "quantity": draw(st.integers(1, 9)),
    }  # fmt: skip


@st.composite
def messages(draw: st.DrawFn) -> list[Event]:
    """Events and corrections of them, and of each other, some of them twice, in any order."""
    pool = {i: draw(bodies(i)) for i in ("a", "b", "c", "d", "e", "f", "r1", "r2")}
    names = [f"k{n}" for n in range(draw(st.integers(0, 5)))]
    corrections = [draw(_correction(name, pool, names)) for name in names]
    sent = [pool[i] for i in pool if i in "abcdef" or draw(st.booleans())] + corrections
    again = draw(st.lists(st.sampled_from(sent), max_size=3))
    return draw(st.permutations(sent + again))


@st.composite
def _correction(draw: st.DrawFn, name: str, pool: dict[str, Event], names: list[str]) -> Event:
    target = draw(st.sampled_from([*pool, *(n for n in names if n != name)]))
    line = pool[target]["line"] if target in pool else "L1"
    at = datetime(2026, 4, 20, draw(st.integers(0, 9)), tzinfo=UTC)
    found = {
        "event_id": name, "event_type": "correction", "occurred_at": at.isoformat(),
        "plant": "north", "line": line, "corrects": target, "reason": f"because {name}",
        "source": "foreman",
    }  # fmt: skip
    replacement = draw(st.sampled_from([None, "r1", "r2"]))
    return found if replacement in (None, target) else found | {"replacement": pool[replacement]}


RATES = st.tuples(
    st.just("rates"), st.sampled_from([date(2026, 2, 14), *MONTHS[1:]]),
    st.integers(5, 20), st.integers(1, 9),
)  # fmt: skip
OTHERS = st.one_of(
    RATES,
    st.tuples(st.just("price_gadgets"), st.integers(1, 5)),
    st.tuples(st.just("reprice")),
    st.tuples(st.just("close")),
    st.tuples(st.just("close")),
    st.tuples(st.just("reopen"), st.sampled_from(MONTHS)),
    st.tuples(st.just("anchor")),
)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Batches of messages, and what people do between them."""
    order = draw(messages())
    steps: list[tuple[Any, ...]] = []
    while order:
        size = draw(st.integers(1, 4))
        steps.append(("post", order[:size]))
        order = order[size:]
        steps += draw(st.lists(OTHERS, min_size=1, max_size=3))
    return steps


FINANCE = Actor("finance")
ORDER = Order(FINANCE, "month end")
NOW = datetime(2027, 6, 1, tzinfo=UTC)


def widget(since: date, cost: int, dispatch: int) -> CostTable:
    """In force from the production day's start on."""
    begins = datetime(since.year, since.month, since.day, 6, tzinfo=BERLIN)
    stages = (
        Stage(stage="S1", raw_material=Decimal(4)),
        Stage(stage="S2", raw_material=Decimal(cost)),
    )
    return CostTable(
        product="widget", plant="north", effective_from=begins, currency="EUR", stages=stages,
        recovery_rate=Decimal("0.5"), recovery_overhead_per_day=Decimal(dispatch),
    )  # fmt: skip


def gadget(cost: int) -> CostTable:
    stages = (Stage(stage="S1", raw_material=Decimal(cost)),)
    return CostTable(
        product="gadget", plant="north", effective_from=LONG_AGO, currency="EUR", stages=stages
    )


class Ledger:
    """The real one: each step as the services and the commands take it."""

    def __init__(self, conn: asyncpg.Connection, dsn: str) -> None:
        self.conn, self.dsn = conn, dsn

    async def post(self, events: list[Event]) -> None:
        raws = [json.dumps(event).encode() for event in events]
        await post_events(self.conn, await load(self.conn), raws)

    async def rates(self, since: date, cost: int, dispatch: int) -> None:
        await self._import(widget(since, cost, dispatch))

    async def price_gadgets(self, cost: int) -> None:
        await self._import(gadget(cost))
        await settle(self.conn, await load(self.conn))

    async def _import(self, table: CostTable) -> None:
        await import_rates(self.conn, RateFile(cost_tables=(table,)), "rates", "finance")

    async def reprice(self) -> None:
        await apply(
            self.dsn, RepricingScope(), FINANCE, "rates for the past", lambda _: None, size=3
        )

    async def close(self, month: date) -> None:
        site = (await load(self.conn)).sites["north"]
        await close(self.conn, site, month, ORDER, NOW, KINDS)

    async def reopen(self, month: date) -> None:
        await reopen(self.conn, "north", month, ORDER)

    async def anchor(self) -> None:
        await make_anchor(self.conn, FINANCE, "a digest of all there is")

    async def is_as(self, books: Books) -> None:
        """Every figure is the model's, and proves to be what the ledger says."""
        rows = await self.conn.fetch(
            "select date_trunc('month', day)::date, period, sum(net) from copq.ledger group by 1, 2"
        )
        booked = {(of, period): net for of, period, net in rows if net}
        assert booked == books.by_period()
        for month in MONTHS:
            restated = books.restated(month)
            assert await self._copq(month, As.RESTATED) == restated
            first = books.first_reported.get(month, restated)
            assert await self._copq(month, As.FIRST_REPORTED) == first
        assert await verify(self.conn) == []

    async def _copq(self, month: date, reported: As) -> Decimal:
        end = (month + timedelta(days=31)).replace(day=1)
        query = ReportQuery(by=(), grain="month", start=month, end=end, basis=Basis(reported))
        rows = await report(self.conn, await load(self.conn), query, NOW)
        return sum((row.copq for row in rows), Decimal(0))


async def play(ledger: Ledger, steps: list[tuple[Any, ...]]) -> Books:
    """The same steps on both. What is closed is the first month that is open; what is not closed
    is not reopened, which the ledger says, too."""
    books = Books()
    for name, *given_ in steps:
        if name == "close":
            given_ = [m for m in MONTHS if m not in books.closed][:1]
        if name == "reopen" and given_[0] not in books.closed:
            with pytest.raises(PeriodError):
                await ledger.reopen(*given_)
        elif name == "anchor":
            await ledger.anchor()
        elif given_ or name == "reprice":
            getattr(books, name)(*given_)
            await getattr(ledger, name)(*given_)
    return books


@examples(0.08)
@given(steps=histories())
def test_every_history_ends_as_the_rules_say(database: str, steps: list[tuple[Any, ...]]) -> None:
    async def run() -> None:
        conn = await asyncpg.connect(database)
        try:
            await prepare(conn)
            await empty(conn)
            whole = rates(recovery_rate="0.5", recovery_overhead_per_day="9")
            await import_rates(conn, whole, "rates", "finance")
            ledger = Ledger(conn, database)
            await ledger.is_as(await play(ledger, steps))
        finally:
            await conn.close()

    asyncio.run(run())
