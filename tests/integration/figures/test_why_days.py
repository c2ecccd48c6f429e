"""The losses of causes by day: those of their leaves, from the summary or from the ledger."""

import random
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import asyncpg
import pytest

from copq.database.connections import DatabaseRole, act_as
from copq.figures.why import WhyRequest, answer_why
from copq.figures.why_changes import DIMENSIONS, Change, read_changes
from copq.figures.why_days import ChangeDays
from copq.figures.why_days_reading import read_change_days
from copq.improvement.explaining.explain import Explanation, Leaf, Part
from copq.summary.keeping import bring_up_to_date
from tests.integration.figures.test_why import at, history, raw
from tests.support.building import book, defect, plant, post_with_rates, production, stop

NOW = datetime.fromisoformat("2026-06-30T12:00:00+02:00")
D = Decimal
RATES = book(plant("north"), plant("south"))
PARTS: tuple[dict[str, str | None], ...] = (
    {"line": "L1"}, {"line": "L2", "shift": None}, {"element": "downtime"},
    {"work_unit": None, "defect_code": "jam"}, {"shift": "early"}, {},
)  # fmt: skip


def parts() -> tuple[Part, ...]:
    """Each is without those before it."""
    zero = Fraction(0)
    return tuple(
        Part(filters, PARTS[:place], D(0), D(0), zero, D(0), zero, zero, 0, 0, 0.001, 1)
        for place, filters in enumerate(PARTS)
    )


def of_leaf(leaf: Leaf) -> dict[str, str | None]:
    return dict(zip(DIMENSIONS, leaf.values, strict=True))


def of_leaves(change: Change, part: Part) -> tuple[Decimal, Decimal]:
    own = [leaf for leaf in change.leaves if part.has(of_leaf(leaf))]
    return sum((leaf.before for leaf in own), D(0)), sum((leaf.after for leaf in own), D(0))


def of_days(read: ChangeDays, place: int) -> tuple[Decimal, Decimal]:
    sums: dict[bool, Decimal] = defaultdict(Decimal)
    first = read.change.windows.after.first
    for by_day in read.losses.get(place, {}).values():
        for day, amount in by_day.items():
            sums[day >= first] += amount
    return sums[False], sums[True]


async def days_add_up(conn: Any, **asked: Any) -> int:
    """To the leaves of each cause and the units of each group; how many causes had losses."""
    request = WhyRequest(month="2026-06", **asked)
    scope, windows = await request.comparison(conn, RATES, NOW)
    lost = 0
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        for change in await read_changes(conn, RATES, scope, windows, NOW):
            zero = D(0)
            found = Explanation(zero, zero, zero, zero, zero, zero, parts(), zero, 1.0)
            read = await read_change_days(conn, RATES, scope, change, found)
            assert read is not None
            for place, part in enumerate(found.parts):
                assert of_days(read, place) == of_leaves(change, part), part
                lost += of_days(read, place) != (0, 0)
            for group, made in change.units.items():
                assert sum(read.units.get(group, {}).values()) == pytest.approx(float(sum(made)))
    return lost


@pytest.mark.parametrize("seed", range(2))
async def test_days_add_up_to_the_leaves_of_each_cause(conn: Any, database: str, seed: int) -> None:
    """In the ledger, partly in the summary, and of a plant and a line; with an open stop."""
    chance = random.Random(seed)
    events = [raw(one, site) for one in history(chance) for site in ("north", "south")]
    await post_with_rates(conn, RATES, [
        *events[::2], stop("open", at(6, 30, 9), shift="early", plant="south"),
    ])  # fmt: skip
    assert await days_add_up(conn)
    summing = await asyncpg.connect(database)
    await act_as(summing, DatabaseRole.AGGREGATOR)
    assert await bring_up_to_date(summing)
    await summing.close()
    assert await days_add_up(conn)
    await post_with_rates(conn, RATES, events[1::2])
    assert await days_add_up(conn)
    assert await days_add_up(conn, plant="south", line="L1")
    assert await days_add_up(conn, product="widget")


def each_day(days: list[tuple[int, int]], usual: int, bad: tuple[int, int]) -> list[bytes]:
    """The usual defects of two lines and two suppliers, and 60 of L2 and B on a bad day."""
    events = []
    for month, day in days:
        for line, supplier in product(("L1", "L2"), "AB"):
            key = f"{month}-{day}-{line}-{supplier}"
            events.append(production(f"p{key}", at(month, day), 1000, line=line))
            is_bad = ((month, day), line, supplier) == (bad, "L2", "B")
            events += [
                defect(f"d{key}-{n}", at(month, day, 12, n), 1, line=line, supplier=supplier)
                for n in range(60 if is_bad else usual)
            ]
    return events


async def test_a_bad_day_is_named_but_may_be_chance(conn: Any) -> None:
    """Its entries are many, but it is one day."""
    days = [(month, day) for month in (5, 6) for day in range(2, 29)]
    await post_with_rates(conn, RATES, each_day(days, 2, (6, 9)))
    [change] = (await answer_why(conn, RATES, WhyRequest(month="2026-06"), NOW)).changes
    [cause] = [part for part in change.parts if part.kind == "cause"]
    assert (cause.cause, cause.change) == ("line L2, supplier B", 580)
    assert (cause.p_value, cause.p_value_by) == (1, "days")
    assert "line L2, supplier B +580.00 (may be chance: p = 1);" in change.finding


async def test_two_days_are_too_few_to_permute(conn: Any) -> None:
    await post_with_rates(conn, RATES, each_day([(6, 2), (6, 3)], 10, (6, 3)))
    request = WhyRequest(start="2026-06-03", end="2026-06-04")
    [change] = (await answer_why(conn, RATES, request, NOW)).changes
    [cause] = [part for part in change.parts if part.kind == "cause"]
    assert (cause.cause, cause.p_value_by) == ("line L2, supplier B", "entries")
    assert cause.p_value is not None and cause.p_value < D("0.01")
    assert "may be chance" not in change.finding
