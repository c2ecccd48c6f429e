"""Any month of a plant in SEK whose rates come late, against sums worked out by themselves.

Events, voids, repricings and a closing in any order, and late rates booked two entries at a time,
cut off between any two batches.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from copq.access.authority import Actor
from copq.figures.basis import As, Basis
from copq.figures.report import ReportQuery, report
from copq.figures.verify import verify
from copq.periods.closing import Order, close
from copq.posting.late_conversion import convert_late
from copq.posting.post import prepare
from copq.rates.store import import_rates, load
from copq.repricing.applying import apply
from copq.repricing.reach import RepricingScope
from copq.schemas.rates import CostTable, RateFile, Stage
from tests.support.building import LONG_AGO, defect, event, post_events, stop
from tests.support.currencies.site import FINANCE, MONDAY, publish, three_plants
from tests.support.searching import examples
from tests.support.tampering import empty

DAYS = tuple(MONDAY + timedelta(days=number) for number in range(4))
SLOT = timedelta(minutes=10)
"""Each event has one of its own, so no stop overlaps another, nor goes on into the next hour."""

MARCH = date(2026, 3, 1)
NOW = datetime(2027, 6, 1, tzinfo=UTC)
ORDER = Order(Actor("controller"), "month end")
Step = tuple[Any, ...]

DAY = st.sampled_from(DAYS)
FACTS = st.tuples(st.sampled_from(["defect", "defect", "stop"]), DAY, st.integers(1, 9))
STEPS = st.one_of(
    st.tuples(st.just("post"), st.lists(FACTS, min_size=1, max_size=5)),
    st.tuples(st.just("post"), st.lists(FACTS, min_size=1, max_size=5)),
    st.tuples(st.just("void"), st.integers(0, 100)),
    st.tuples(st.just("publish"), DAY),
    st.tuples(st.just("publish"), DAY),
    st.tuples(st.just("convert"), st.integers(0, 4)),
    st.tuples(st.just("rates"), st.sampled_from([None, *DAYS]), st.integers(1, 20)),
    st.tuples(st.just("reprice")),
    st.tuples(st.just("close")),
)
RATE = st.decimals("0.000001", "2", places=12)


@dataclass
class Sums:
    """The month by plain arithmetic: what stands of each day, at which price, and its rate."""

    rate_of: dict[date, Decimal]
    published: set[date] = field(default_factory=set)
    tables: list[tuple[date | None, int]] = field(default_factory=lambda: [(None, 10)])
    standing: dict[str, tuple[str, date, int, Decimal]] = field(default_factory=dict)

    def price(self, kind: str, day: date) -> Decimal:
        """Of a unit after S2, of the table that is newest of those that begin last by the day."""
        if kind == "stop":
            return Decimal(2)
        begun = [(since or date.min, n) for n, (since, _) in enumerate(self.tables)
                 if since is None or since <= day]  # fmt: skip
        return Decimal(self.tables[max(begun)[1]][1])

    def reprice(self) -> None:
        self.standing = {
            name: (kind, day, amount, self.price(kind, day))
            for name, (kind, day, amount, _) in self.standing.items()
        }

    def of(self, day: date) -> tuple[int, Decimal]:
        """How many entries stand, and what they cost in SEK."""
        found = [a * price for _, on, a, price in self.standing.values() if on == day]
        return len(found), sum(found, Decimal(0))

    def sek(self) -> Decimal:
        return sum((self.of(day)[1] for day in DAYS), Decimal(0))

    def eur(self) -> Decimal:
        return sum((self.of(day)[1] * self.rate_of[day] for day in DAYS), Decimal(0))


class CutOff(Exception):
    """The process ends here."""


class Mortal:
    """The connection of a process that ends after so many transactions."""

    def __init__(self, conn: asyncpg.Connection, transactions: int) -> None:
        self._conn, self._left = conn, transactions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)

    def transaction(self, **options: Any) -> Any:
        if self._left == 0:
            raise CutOff
        self._left -= 1
        return self._conn.transaction(**options)


class Plant:
    """The real one, and the sums next to it: each step is taken by both."""

    def __init__(self, conn: asyncpg.Connection, dsn: str, sums: Sums) -> None:
        self.conn, self.dsn, self.sums = conn, dsn, sums
        self.number = 0
        self.first_reported: tuple[Decimal, Decimal] | None = None

    async def post(self, facts: list[tuple[str, date, int]]) -> None:
        raws = []
        for kind, day, amount in facts:
            self.number += 1
            name = f"e{self.number}"
            start = datetime.fromisoformat(f"{day}T06:00:00+01:00") + self.number * SLOT
            ended = start + timedelta(minutes=amount)
            raws.append(
                stop(name, start.isoformat(), ended.isoformat(), plant="gavle")
                if kind == "stop"
                else defect(name, start.isoformat(), amount, plant="gavle")
            )
            self.sums.standing[name] = (kind, day, amount, self.sums.price(kind, day))
        await post_events(self.conn, await load(self.conn), raws)

    async def void(self, number: int) -> None:
        if not self.sums.standing:
            return
        names = sorted(self.sums.standing)
        name = names[number % len(names)]
        del self.sums.standing[name]
        at = f"{MONDAY}T12:00:00+01:00"
        raw = event(
            "correction", f"not-{name}", corrects=name, reason="miscounted", occurred_at=at,
            plant="gavle",
        )  # fmt: skip
        await post_events(self.conn, await load(self.conn), [raw])

    async def publish(self, day: date) -> None:
        if day not in self.sums.published:
            self.sums.published.add(day)
            await publish(self.conn, ("SEK", day, self.sums.rate_of[day]))

    async def convert(self, batches: int) -> None:
        """So many batches of two; the figures are right wherever it ends."""
        with suppress(CutOff):
            await convert_late(Mortal(self.conn, batches), at_once=2)
        await self.is_right()

    async def rates(self, since: date | None, cost: int) -> None:
        self.sums.tables.append((since, cost))
        begins = LONG_AGO if since is None else datetime.fromisoformat(f"{since}T06:00:00+01:00")
        table = CostTable(
            product="widget", plant="gavle", effective_from=begins, currency="SEK",
            stages=(Stage(stage="S2", raw_material=Decimal(cost)),),
        )  # fmt: skip
        await import_rates(self.conn, RateFile(cost_tables=(table,)), "rates", "finance")

    async def reprice(self) -> None:
        self.sums.reprice()
        await apply(
            self.dsn, RepricingScope(), FINANCE, "rates for the past", lambda _: None, size=3
        )

    async def close(self) -> None:
        if self.first_reported is None:
            site = (await load(self.conn)).sites["gavle"]
            await close(self.conn, site, MARCH, ORDER, NOW, ["rates"])
            self.first_reported = self.sums.sek(), self.sums.eur()

    async def is_right(self) -> None:
        """A day has no rate, or is converted as far as it has got, or as a whole."""
        found = await self._days()
        for day in DAYS:
            entries, sek = self.sums.of(day)
            lacking, net, eur = found.get(day, (0, Decimal(0), Decimal(0)))
            assert net == sek and 0 <= lacking <= entries
            if day not in self.sums.published:
                assert (lacking, eur) == (entries, 0)
            if not lacking:
                assert eur == sek * self.sums.rate_of[day]
        assert await verify(self.conn) == []

    async def _days(self) -> dict[date, tuple[int, Decimal, Decimal]]:
        """Of each day the entries without a rate, and what it costs in SEK and in EUR."""
        rows = await self.conn.fetch(
            "select day, sum(unconverted)::int, sum(net), sum(reporting_net) from copq.rollup "
            "where grain = 'day' group by day"
        )
        return {day: (lacking, net, eur) for day, lacking, net, eur in rows}

    async def copq(self, currency: str | None, reported: As = As.RESTATED) -> Decimal | None:
        """Of March, as the report says it; None where a rate is missing."""
        query = ReportQuery(
            by=(), grain="month", start=MARCH, basis=Basis(reported), currency=currency
        )
        rows = await report(self.conn, await load(self.conn), query, NOW)
        return rows[0].money("copq") if rows else Decimal(0)


@examples(0.07)
@given(
    steps=st.lists(STEPS, min_size=4, max_size=16),
    rates_of_days=st.lists(RATE, min_size=len(DAYS), max_size=len(DAYS)),
)
def test_every_month_ends_as_its_sums_say(
    database: str, steps: list[Step], rates_of_days: list[Decimal]
) -> None:
    """A rate counts for its own day alone, so that when it came makes no difference in the end."""

    async def run() -> None:
        conn = await asyncpg.connect(database)
        try:
            await prepare(conn)
            await empty(conn)
            await three_plants(conn, days=0)
            sums = Sums(dict(zip(DAYS, rates_of_days, strict=True)))
            await _ends_right(Plant(conn, database, sums), steps)
        finally:
            await conn.close()

    asyncio.run(run())


async def _ends_right(plant: Plant, steps: list[Step]) -> None:
    for name, *given_ in steps:
        await getattr(plant, name)(*given_)
    await plant.is_right()
    for day in DAYS:
        await plant.publish(day)
    await convert_late(plant.conn, at_once=2)
    await plant.is_right()
    assert (await plant.copq(None), await plant.copq("EUR")) == (plant.sums.sek(), plant.sums.eur())
    if plant.first_reported is not None:
        found = [await plant.copq(currency, As.FIRST_REPORTED) for currency in (None, "EUR")]
        assert tuple(found) == plant.first_reported
