"""Random histories in three currencies, in random batches, against a plain model of the rules."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from copq.figures.report import ReportQuery, report
from copq.figures.trailing import trailing_windows
from copq.figures.verify import verify
from copq.posting.late_conversion import convert_late
from tests.support.building import defect, event, post_events, production
from tests.support.currencies.site import PLANTS, publish, three_plants

FIRST, DAYS = date(2026, 3, 2), 12
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


@dataclass
class Booked:
    """What the model knows of an entry: money in its own currency, and the rate it was given."""

    currency: str
    day: date
    cost: Decimal
    base: Decimal
    rate: Decimal | None


class Model:
    """The rules in a few lines: the newest version of the last day within seven counts."""

    def __init__(self) -> None:
        self.rates: dict[str, dict[date, Decimal]] = {"SEK": {}, "JPY": {}}
        self.entries: dict[str, Booked] = {}

    def rate(self, currency: str, day: date) -> Decimal | None:
        if currency == "EUR":
            return Decimal(1)
        before = [d for d in self.rates[currency] if day - timedelta(days=7) <= d <= day]
        return self.rates[currency][max(before)] if before else None

    def settle(self) -> None:
        for entry in self.entries.values():
            if entry.rate is None:
                entry.rate = self.rate(entry.currency, entry.day)

    def sums(self) -> tuple[Decimal | None, Decimal | None, int]:
        standing = self.entries.values()
        lacking = sum(e.rate is None for e in standing)
        if lacking:
            return None, None, lacking
        known = [(e, e.rate or Decimal(0)) for e in standing]
        return sum(e.cost * r for e, r in known), sum(e.base * r for e, r in known), 0  # type: ignore[return-value]


class History:
    """Random steps, done to the model and to the real thing."""

    def __init__(self, conn: Any, book: Any, seed: int) -> None:
        self.conn, self.book, self.chance, self.model = conn, book, random.Random(seed), Model()
        self.number = 0

    async def publish(self) -> None:
        day = FIRST + timedelta(days=self.chance.randrange(-3, DAYS))
        currency = self.chance.choice(("SEK", "JPY"))
        rate = Decimal(self.chance.randrange(1, 10**6)) / 10**7
        await publish(self.conn, (currency, day, rate), why="corrected")
        self.model.rates[currency][day] = rate

    async def settle(self) -> None:
        await convert_late(self.conn, at_once=self.chance.choice((1, 3, 2000)))
        self.model.settle()

    async def post(self) -> None:
        """Some events, of which some are duplicates, and corrections of what is booked."""
        raws = [self._event() for _ in range(self.chance.randrange(1, 8))]
        await post_events(self.conn, self.book, raws)
        raws = [self._void() for _ in range(self.chance.randrange(3)) if self.model.entries]
        await post_events(self.conn, self.book, raws)

    def _event(self) -> bytes:
        self.number += 1
        site = self.chance.choice(PLANTS)
        day = FIRST + timedelta(days=self.chance.randrange(DAYS))
        quantity = self.chance.randrange(1, 9)
        makes = self.chance.random() < 0.3
        made, name = (production if makes else defect), f"e{self.number}"
        raw = made(name, f"{day}T12:00:00+00:00", quantity, plant=site.plant)
        money, nought = Decimal(10 * quantity), Decimal(0)
        cost, base = (nought, money) if makes else (money, nought)
        rate = self.model.rate(site.currency, day)
        self.model.entries[name] = Booked(site.currency, day, cost, base, rate)
        self.plants = {**getattr(self, "plants", {}), name: site.plant}
        return raw

    def _void(self) -> bytes:
        name = self.chance.choice(sorted(self.model.entries))
        del self.model.entries[name]
        self.number += 1
        return event(
            "correction", f"c{self.number}", corrects=name, reason="miscounted",
            occurred_at=f"{FIRST}T12:00:00+00:00", plant=self.plants[name],
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
async def test_sums_of_a_random_history_are_those_of_the_model(conn: Any, seed: int) -> None:
    book = await three_plants(conn)
    history = History(conn, book, seed)
    for _ in range(25):
        step = history.chance.choice((history.publish, history.post, history.post, history.settle))
        await step()
    assert await _sums(conn, book) == history.model.sums()
    for currency in ("SEK", "JPY"):
        every = [(currency, FIRST + timedelta(days=n), Decimal("0.07")) for n in range(DAYS)]
        await publish(conn, *every, why="all of them")
        history.model.rates[currency] |= {day: rate for _, day, rate in every}
    await history.settle()
    wanted = history.model.sums()
    assert wanted[2] == 0
    assert await _sums(conn, book) == wanted
    scope = ReportQuery(by=(), currency="EUR")
    [_, _, month] = await trailing_windows(conn, book, scope, NOW)
    assert [(row.money("copq"), row.money("base")) for row in month.rows] == [wanted[:2]]
    assert await verify(conn) == []


async def _sums(conn: Any, book: Any) -> tuple[Decimal | None, Decimal | None, int]:
    query = ReportQuery(by=(), grain="month", currency="EUR")
    rows = await report(conn, book, query, NOW)
    if not rows:
        return Decimal(0), Decimal(0), 0
    [row] = rows
    return row.money("copq"), row.money("base"), row.unconverted
