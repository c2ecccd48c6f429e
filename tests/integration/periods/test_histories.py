"""Random histories of posting, voiding, closing, reopening, locking, against a plain model."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from copq.figures.basis import As
from copq.figures.verify import verify
from copq.periods.period import PeriodError
from tests.support.building import defect, post_events
from tests.support.periods.building import booked, copq, filled, locked, open_again, shut, voiding

MONTHS = tuple(f"2026-{number:02d}" for number in range(1, 7))


@dataclass
class Model:
    """The rules in a few lines: 10 money a unit, by the month it is of and that it is booked in."""

    state: dict[str, str] = field(default_factory=lambda: dict.fromkeys(MONTHS, "open"))
    entries: Counter[tuple[str, str]] = field(default_factory=Counter)
    begun: set[str] = field(default_factory=set)
    first: dict[str, int] = field(default_factory=dict)
    units: dict[str, tuple[str, int]] = field(default_factory=dict)

    def book(self, month: str, units: int) -> None:
        period = month if self.state[month] == "open" else self._frontier()
        self.entries[month, period] += 10 * units
        self.begun |= {month, period}

    def _frontier(self) -> str:
        number = int(max(self.first)[-2:]) + 1
        return f"2026-{number:02d}"

    def may(self, step: str, month: str) -> bool:
        if step == "close":
            before = {m for m in self.begun if m < month}
            return self.state[month] == "open" and all(self.state[m] != "open" for m in before)
        return self.state[month] == "closed"

    def take(self, step: str, month: str) -> None:
        self.state[month] = {"close": "closed", "reopen": "open", "lock": "locked"}[step]
        self.begun.add(month)
        if step == "close":
            self.first.setdefault(month, self.entries[month, month])

    def restated(self, month: str) -> int:
        return sum(net for (of, _), net in self.entries.items() if of == month)


STEPS = {"close": shut, "reopen": open_again, "lock": locked}


def moves(chance: random.Random, model: Model) -> Iterator[tuple[str, str, int]]:
    """Of the last month nothing is closed, so that there is always one that is open."""
    for number in range(40):
        month = chance.choice(MONTHS[:-1])
        kind = chance.choice(("post", "post", "void", "close", "close", "reopen", "lock"))
        if kind != "lock" or chance.random() < 0.3:
            yield kind, month, number


@pytest.mark.parametrize("seed", range(12))
async def test_every_history_ends_as_the_model_says(conn: Any, seed: int) -> None:
    chance, model, book = random.Random(seed), Model(), await filled(conn)
    voided: set[str] = set()
    for kind, month, number in moves(chance, model):
        at = f"{month}-{chance.randint(1, 28):02d}T12:00:00+01:00"
        if kind == "post":
            units, name = chance.randint(1, 9), f"d{number}"
            await post_events(conn, book, [defect(name, at, units)])
            model.units[name] = month, units
            model.book(month, units)
        elif kind == "void" and (left := sorted(model.units.keys() - voided)):
            name = chance.choice(left)
            voided.add(name)
            await post_events(conn, book, [voiding(f"c{number}", name, at)])
            of, units = model.units[name]
            model.book(of, -units)
        elif kind in STEPS and model.may(kind, month):
            await STEPS[kind](conn, month)
            model.take(kind, month)
        elif kind in STEPS:
            with pytest.raises(PeriodError):
                await STEPS[kind](conn, month)
    await is_as_the_model_says(conn, model)


async def is_as_the_model_says(conn: Any, model: Model) -> None:
    expected = {key: net for key, net in model.entries.items() if net}
    assert {(of, into): net for of, into, net in await booked(conn) if net} == expected
    for month in MONTHS:
        restated = model.restated(month)
        assert await copq(conn, month) == restated
        first = model.first.get(month, restated)
        for grain in ("month", "day", "hour"):
            assert await copq(conn, month, As.FIRST_REPORTED, grain=grain) == first
    assert await verify(conn) == []


async def test_as_of_any_instant_is_what_a_report_said_then(conn: Any) -> None:
    """Every figure is asked for again, long after, as of the instant at which it was read."""
    chance, book = random.Random(7), await filled(conn)
    read = []
    for number in range(30):
        month = chance.choice(MONTHS[:3])
        if number % 7 == 6:
            with suppress(PeriodError):
                await shut(conn, month)
        at = f"{month}-15T12:00:00+01:00"
        void = number % 3 == 2
        event = voiding(f"c{number}", f"d{number - 1}", at) if void else defect(f"d{number}", at)
        await post_events(conn, book, [event])
        instant = await conn.fetchval("select clock_timestamp()")
        read.append((instant, [await copq(conn, m) for m in MONTHS[:3]]))
    for instant, figures in read:
        for grain in ("month", "day"):
            again = [await copq(conn, m, as_of=instant, grain=grain) for m in MONTHS[:3]]
            assert again == figures
