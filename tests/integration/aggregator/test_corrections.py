"""Random histories with corrections, in any order and cut, against a model of a few dozen lines."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from copq.figures.verify import verify
from copq.posting.late_pricing import settle
from copq.posting.post import prepare
from copq.rates.store import import_rates, load
from copq.schemas.rates import CostTable, RateFile, Stage
from tests.support.building import LONG_AGO, post_events, rates
from tests.support.histories.model import Event, instant, standing
from tests.support.searching import examples
from tests.support.tampering import empty

START = datetime.fromisoformat("2026-03-02T03:30:00+01:00")
GADGET = RateFile(
    cost_tables=(
        CostTable(
            product="gadget", plant="north", effective_from=LONG_AGO, currency="EUR",
            stages=(Stage(stage="S1", raw_material=Decimal(3)),),
        ),
    )
)  # fmt: skip


# The oracle: what the events that stand make of the rollups.


Bucket = tuple[str, str, str, str, date, datetime | None]
Sums = tuple[Decimal, Decimal, Decimal, Decimal, int]
COST = {("widget", "S1"): 4, ("widget", "S2"): 10, ("gadget", "S1"): 3}
PER_MINUTE = {"L1": 2, "L2": 3}


def expected(events: Iterable[Event]) -> dict[Bucket, Sums]:
    """Quantity, gross, recovered and base by bucket, and the entries (of stops: 0)."""
    found: dict[Bucket, list[Any]] = defaultdict(lambda: [0, 0, 0, 0, 0])

    def add(line: str, product: str, element: str, at: datetime, *sums: int) -> None:
        hour = at.replace(minute=0)
        day = (at - timedelta(hours=6)).date()
        where = (line, product, element)
        for bucket in (
            ("hour", *where, day, hour), ("day", *where, day, None),
            ("month", *where, day.replace(day=1), None),
        ):  # fmt: skip
            found[bucket] = [a + b for a, b in zip(found[bucket], sums, strict=True)]

    dispatched, stopped = set(), set()
    for e in events:
        at, line = instant(e), e["line"]
        if e["event_type"] == "downtime":
            end = datetime.fromisoformat(e["ended_at"]) if "ended_at" in e else at
            minutes = (end - at) // timedelta(minutes=1)
            stopped |= {(line, at + timedelta(minutes=m)) for m in range(minutes)}
            continue
        product, quantity = e["product"], e["quantity"]
        if e["event_type"] == "production":
            add(line, product, "production", at, quantity, 0, 0, quantity * 10, 1)
            continue
        recovered = 2 * quantity if product == "widget" else 0
        cost = quantity * COST[product, e["stage"]]
        add(line, product, e["event_type"], at, quantity, cost, recovered, 0, 1)
        if recovered:
            dispatched.add((line, product, (at - timedelta(hours=6)).date()))
    for line, product, day in dispatched:
        begin = datetime.fromisoformat(f"{day}T06:00:00+01:00")
        add(line, product, "recovery_overhead", begin, 0, 9, 0, 0, 1)
    for line, minute in stopped:
        add(line, "", "downtime", minute, 0, PER_MINUTE[line], 0, 0, 0)
    return {bucket: tuple(sums) for bucket, sums in found.items()}


ROLLUPS = """
select grain, line, product, element, day, nullif(hour, '-infinity') as hour, quantity, gross,
    recovered, base, case when element = 'downtime' then 0 else entries end as entries
from copq.rollup
where (entries, quantity, gross, recovered, net, base, seconds) <> (0, 0, 0, 0, 0, 0, 0)
"""


async def rollups(conn: asyncpg.Connection) -> dict[Bucket, Sums]:
    return {tuple(row)[:6]: tuple(row)[6:] for row in await conn.fetch(ROLLUPS)}


# Histories.

LINES = st.sampled_from(["L1", "L1", "L1", "L2"])
MINUTES = st.integers(0, 1800).map(lambda m: START + timedelta(minutes=m))


@st.composite
def bodies(draw: st.DrawFn, event_id: str) -> Event:
    """A production, a reject or a stop, on one of two lines and two days."""
    kind = draw(st.sampled_from(["production", "defect", "defect", "scrap", "gadget", "downtime"]))
    at = draw(MINUTES)
    where = {"event_id": event_id, "plant": "north", "line": draw(LINES)}
    if kind == "downtime":
        ended = draw(st.none() | st.integers(1, 150))
        end = {"ended_at": (at + timedelta(minutes=ended)).isoformat()} if ended else {}
        stop = {"event_type": kind, "started_at": at.isoformat(), **end}
        return {**where, **stop, "work_unit": draw(st.sampled_from(["M1", "M2"]))}
    what = {"occurred_at": at.isoformat(), "quantity": draw(st.integers(1, 9)), "product": "widget"}
    if kind == "gadget":
        return {**where, **what, "event_type": "defect", "product": "gadget", "stage": "S1"}
    stage = {} if kind == "production" else {"stage": draw(st.sampled_from(["S1", "S2"]))}
    return {**where, **what, "event_type": kind, **stage}


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Event], list[int], int]:
    """Messages in the order they come, where to cut them, and when the gadget's table comes."""
    pool = {i: draw(bodies(i)) for i in ("a", "b", "c", "r1", "r2", "r3")}
    names = [f"k{n}" for n in range(draw(st.integers(1, 6)))]
    corrections: dict[str, Event] = {}
    for name in names:
        target = draw(st.sampled_from([*pool, *(n for n in names if n != name)]))
        line = pool[target]["line"] if target in pool else draw(LINES)
        line = draw(st.sampled_from([line, line, line, "L2"]))
        replacement = draw(st.sampled_from([None, "r1", "r2", "r3", "a"]))
        at = START + timedelta(hours=draw(st.integers(0, 2)))
        corrections[name] = {
            "event_id": name, "event_type": "correction", "occurred_at": at.isoformat(),
            "plant": "north", "line": line, "corrects": target, "reason": f"because {name}",
            "source": "foreman",
        }  # fmt: skip
        if replacement not in (None, target):
            corrections[name]["replacement"] = pool[replacement]
    mostly = [i for i in pool if i in "abc" or draw(st.integers(0, 3)) == 0]
    sent = [pool[i] for i in mostly] + list(corrections.values())
    again = draw(st.lists(st.sampled_from(sent), max_size=3))
    order = draw(st.permutations(sent + again))
    cuts = draw(st.lists(st.integers(1, len(order)), max_size=5))
    return order, cuts, draw(st.integers(0, 5))


async def play(
    conn: asyncpg.Connection, order: list[Event], cuts: list[int], gadget_after: int
) -> None:
    """Post the batches as they are cut; everything is priced in the end."""
    await empty(conn)
    await import_rates(conn, rates(recovery_rate="0.5", recovery_overhead_per_day="9"), "t", "t")
    book = await load(conn)
    edges = [0, *sorted(set(cuts)), len(order)]
    for number, (first, last) in enumerate(pairwise(edges)):
        if number == gadget_after:
            await import_rates(conn, GADGET, "t", "t")
            book = await load(conn)
            await settle(conn, book)
        batch = [json.dumps(event).encode() for event in order[first:last]]
        await post_events(conn, book, batch)
    await import_rates(conn, GADGET, "t", "t")
    await settle(conn, await load(conn))


def with_connection(database: str, run: Callable[[asyncpg.Connection], Any]) -> None:
    async def connected() -> None:
        conn = await asyncpg.connect(database)
        await prepare(conn)
        try:
            await run(conn)
        finally:
            await conn.close()

    asyncio.run(connected())


@examples(0.1)
@given(history=histories())
def test_any_order_and_cut_of_a_history_makes_the_figures_of_what_stands(
    database: str, history: tuple[list[Event], list[int], int]
) -> None:
    order, cuts, gadget_after = history

    async def run(conn: asyncpg.Connection) -> None:
        await play(conn, order, cuts, gadget_after)
        assert await rollups(conn) == expected(standing(order))
        assert await verify(conn) == []

    with_connection(database, run)
