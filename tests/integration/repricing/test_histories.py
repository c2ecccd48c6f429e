"""Random histories: events, corrections, rates that change, repricings in between, in any order."""

import json
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from copq.figures.verify import verify
from copq.posting.late_pricing import settle
from copq.rates.store import import_rates, load
from copq.repricing.planning import plan
from copq.repricing.reach import RepricingScope
from copq.schemas.rates import RateFile
from tests.integration.aggregator.test_corrections import GADGET, START, histories, with_connection
from tests.support.building import LONG_AGO, post_events, rates
from tests.support.histories.model import Event
from tests.support.repricing.oracle import afresh, reprice, state
from tests.support.searching import examples
from tests.support.tampering import empty

BEGINS = st.sampled_from(
    [LONG_AGO, LONG_AGO, START + timedelta(hours=7), START + timedelta(hours=21)]
)
SHARES = st.sampled_from(["0", "0.5", "1"])


@st.composite
def rate_files(draw: st.DrawFn) -> RateFile:
    """A widget's table and a line's rate, from ever or from some hour on; stages may be missing."""
    file = rates(
        recovery_rate=draw(SHARES),
        recovery_overhead_per_day=draw(st.sampled_from(["0", "7", "9"])),
        allowed_rejection=draw(st.sampled_from(["0", "0.1"])),
    )  # fmt: skip
    first, last = file.cost_tables[0].stages
    last = last.model_copy(update={"labour_overhead": Decimal(draw(st.integers(4, 8)))})
    stages = draw(st.sampled_from([(first, last), (first, last), (last,)]))
    table = {"stages": stages, "effective_from": draw(BEGINS)}
    begins = draw(BEGINS)
    rate = {
        "effective_from": begins, "rate_per_minute": Decimal(draw(st.integers(1, 4))),
        "effective_to": draw(st.sampled_from([None, None, begins + timedelta(hours=3)])),
    }  # fmt: skip
    return RateFile(
        plants=file.plants,
        cost_tables=draw(st.sampled_from([(), (file.cost_tables[0].model_copy(update=table),)])),
        line_rates=draw(st.sampled_from([(), (file.line_rates[0].model_copy(update=rate),)])),
    )


ASKED = st.sampled_from([
    None, RepricingScope(), RepricingScope(product="widget"),
    RepricingScope(plant="north", first=START.date()),
    RepricingScope(until=START.date()), RepricingScope(product="gadget"),
])  # fmt: skip
STEPS = st.lists(st.tuples(st.none() | rate_files(), ASKED), min_size=6, max_size=6)


@examples(0.08)
@given(history=histories(), steps=STEPS, last=rate_files(), size=st.integers(1, 9))
def test_any_history_ends_with_what_pricing_afresh_gives(
    database: str, other_database: str, history: tuple[list[Event], list[int], int],
    steps: list[tuple[RateFile | None, RepricingScope | None]], last: RateFile, size: int,
) -> None:  # fmt: skip
    order, cuts, gadget_after = history
    raws = [json.dumps(event).encode() for event in order]
    edges = [0, *sorted(set(cuts)), len(order)]
    files = [rates(recovery_rate="0.5", recovery_overhead_per_day="9")]

    async def change(conn: asyncpg.Connection, file: RateFile) -> None:
        files.append(file)
        await import_rates(conn, file, "t", "t")

    async def run(conn: asyncpg.Connection) -> None:
        await empty(conn)
        await import_rates(conn, files[0], "t", "t")
        for number, (begin, end) in enumerate(pairwise(edges)):
            file, asked = steps[number % len(steps)]
            if number == gadget_after:
                await change(conn, GADGET)
            if file is not None:
                await change(conn, file)
                await settle(conn, await load(conn))
            await post_events(conn, await load(conn), raws[begin:end])
            if asked is not None:
                await reprice(database, asked, size)
        await change(conn, last)
        planned = await plan(database, RepricingScope(), lambda _: None, size)
        before = await sums(conn)
        await reprice(database, RepricingScope(), size)
        assert {c.key: c.delta for c in planned.changes if c.delta} == difference(
            before, await sums(conn)
        )
        await settle(conn, await load(conn))
        assert await verify(conn) == []
        with_result.append(await state(conn))

    async def emptied(conn: asyncpg.Connection) -> None:
        await empty(conn)

    with_result: list[Any] = []
    with_connection(database, run)
    with_connection(other_database, emptied)
    expected: list[Any] = []

    async def again(_: asyncpg.Connection) -> None:
        expected.append(await afresh(other_database, files, [raws]))

    with_connection(other_database, again)
    assert with_result == expected


SUMS = """
select plant, product, day, currency, case when category = 'none' then 'base' else 'copq' end,
    sum(net)
from copq.rollup where grain = 'month' group by 1, 2, 3, 4, 5
"""


async def sums(conn: asyncpg.Connection) -> dict[Any, Decimal]:
    return {tuple(row)[:5]: row[5] for row in await conn.fetch(SUMS)}


def difference(before: dict[Any, Decimal], after: dict[Any, Decimal]) -> dict[Any, Decimal]:
    keys = before.keys() | after.keys()
    deltas = {key: after.get(key, Decimal(0)) - before.get(key, Decimal(0)) for key in keys}
    return {key: delta for key, delta in deltas.items() if delta}
