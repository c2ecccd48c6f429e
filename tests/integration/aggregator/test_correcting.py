"""What a correction does to the ledger: links both ways, reasons, and nothing missed at once."""

import asyncio
import json
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import Any

import asyncpg
import pytest

from copq.database.queries import Queries
from copq.figures.corrections import list_corrections
from copq.figures.unpriced import waiting_items
from copq.figures.verify import verify
from copq.ledger.arithmetic import MONEY
from copq.ledger.corrections import MOST
from copq.posting import correcting
from copq.posting.batch import Batch
from copq.posting.late_pricing import settle
from copq.posting.post import post, prepare
from copq.pricing.price import price
from copq.rates.store import import_rates, load
from copq.schemas.decode import decode
from copq.schemas.priced import encode
from tests.support.building import (
    LONG_AGO,
    book,
    defect,
    event,
    plant,
    post_events,
    post_with_rates,
    rates,
    stop,
)
from tests.support.tampering import empty

AT = "2026-03-02T10:00:00+01:00"
LATER = "2026-03-02T12:00:00+01:00"
NOW = decode(defect("now", LATER)).occurred_at
BOOK = book(recovery_rate="0.5", recovery_overhead_per_day="9")


def correction(
    event_id: str, corrects: str, replacement: bytes | None = None, /, **more: Any
) -> bytes:
    brings = {} if replacement is None else {"replacement": json.loads(replacement)}
    said = {"occurred_at": AT, "reason": f"because {event_id}", "source": "foreman", **more}
    return event("correction", event_id, corrects=corrects, **said, **brings)


async def figures(conn: asyncpg.Connection, element: str = "defect") -> Any:
    """The month's gross, after proof that all is as it must be."""
    assert await verify(conn) == []
    query = "select coalesce(sum(gross), 0) from copq.rollup where grain = 'month' and element = $1"
    return await conn.fetchval(query, element)


async def states(conn: asyncpg.Connection) -> dict[str, str]:
    return {c.event_id: c.state for c in await list_corrections(conn)}


async def test_reversal_and_new_entry_name_the_correction_the_reason_and_who(conn: Any) -> None:
    raws = [defect("a", AT, 5), correction("c", "a", defect("b", AT, 3))]
    await post_with_rates(conn, book(), raws)
    rows = await conn.fetch(
        "select event_id, entry_no, reverses, gross, reason, booked_by, corrected_by "
        "from copq.ledger order by event_id, entry_no"
    )
    why = ("because c", "foreman", "c")
    assert [tuple(row) for row in rows] == [
        ("a", 1, None, 50, None, None, None),
        ("a", 2, 1, -50, *why),
        ("b", 1, None, 30, *why),
    ]
    [found] = await list_corrections(conn)
    assert (found.state, found.entries) == ("applied", ["a#2", "b#1"])
    payload = await conn.fetchval("select payload from copq.event where event_id = 'b'")
    assert json.loads(payload) == json.loads(defect("b", AT, 3))
    assert await figures(conn) == 30


async def test_a_replacement_that_only_pydantic_reads_is_kept_and_counts(conn: Any) -> None:
    """Of a name that is there twice the last one counts, whatever stood in the first."""
    raw = correction("c", "a", defect("b", AT, 3))
    twice = raw.replace(b'"quantity"', b'"quantity": NaN, "quantity"')
    assert twice != raw
    await post_with_rates(conn, book(), [defect("a", AT, 5), twice])
    assert await figures(conn) == 30
    payload = await conn.fetchval("select payload from copq.event where event_id = 'b'")
    assert json.loads(payload) == json.loads(defect("b", AT, 3))


async def test_correcting_a_correction_brings_the_first_price_back(conn: Any) -> None:
    await post_with_rates(
        conn, book(), [defect("a", AT, 5), correction("c", "a", defect("b", AT, 3))]
    )
    await post_with_rates(conn, book(), [correction("d", "c")])
    assert await figures(conn) == 50
    assert await states(conn) == {"c": "corrected", "d": "applied"}
    causes = await conn.fetch(
        "select event_id from copq.ledger where corrected_by = 'd' order by 1"
    )
    assert [row["event_id"] for row in causes] == ["a", "b"]
    await post_with_rates(conn, book(), [correction("e", "d")])
    assert await figures(conn) == 30


async def test_an_event_that_stands_again_costs_what_the_rates_in_force_say(conn: Any) -> None:
    """A dispatch too, and a stop; each is numbered after its last entry."""
    more: dict[str, Any] = {"recovery_rate": "0.5", "recovery_overhead_per_day": "9"}
    await import_rates(conn, rates(**more), "t", "t")
    stopped = stop("s", AT, "2026-03-02T11:00:00+01:00")
    voids = [correction("c", "a"), correction("v", "s")]
    await post_events(conn, await load(conn), [defect("a", AT, 5), stopped, *voids])
    file = rates(**{**more, "recovery_overhead_per_day": "11"})
    first, last = file.cost_tables[0].stages
    stages = (first, last.model_copy(update={"labour_overhead": Decimal(8)}))
    table = file.cost_tables[0].model_copy(update={"stages": stages})
    dear = file.line_rates[0].model_copy(update={"rate_per_minute": Decimal(7)})
    file = file.model_copy(update={"cost_tables": (table,), "line_rates": (dear,)})
    await import_rates(conn, file, "t", "t")
    await post_events(conn, await load(conn), [correction("d", "c"), correction("w", "v")])
    assert await figures(conn) == 5 * 12
    assert await figures(conn, "recovery_overhead") == 11
    assert await figures(conn, "downtime") == 60 * 7
    numbers = await conn.fetch(
        "select entry_no, corrected_by from copq.ledger where event_id = 'a' order by 1"
    )
    assert [tuple(row) for row in numbers] == [(1, None), (2, "c"), (3, "d")]


async def test_a_stop_that_stands_again_without_a_rate_waits_for_one(conn: Any) -> None:
    await import_rates(conn, rates(), "t", "t")
    events = [stop("s", AT, LATER), correction("v", "s")]
    await post_events(conn, await load(conn), events)
    ended = rates().line_rates[0].model_copy(update={"effective_to": LONG_AGO.replace(year=2021)})
    await import_rates(conn, rates().model_copy(update={"line_rates": (ended,)}), "t", "t")
    rates_ = await load(conn)
    await post_with_rates(conn, rates_, [correction("w", "v")])
    assert await figures(conn, "downtime") == 0
    assert [g.event_type for g in (await waiting_items(conn, rates_, NOW, 50)).unpriced.groups] == [
        "downtime"
    ]
    await import_rates(conn, rates(), "t", "t")
    await settle(conn, await load(conn))
    assert await figures(conn, "downtime") == 240


async def test_the_latest_of_several_corrections_is_in_force_whichever_came_last(conn: Any) -> None:
    late = correction("late", "a", defect("b", AT, 3), occurred_at=LATER)
    early = correction("early", "a", defect("c", AT, 4))
    await post_with_rates(conn, book(), [defect("a", AT, 5), late])
    await post_with_rates(conn, book(), [early])
    assert await figures(conn) == 30
    assert await states(conn) == {"late": "applied", "early": "superseded"}


async def test_another_line_or_plant_cannot_void_an_event(conn: Any) -> None:
    rates_ = book(plant(), plant("south"))
    raws = [
        defect("a", AT, 5),
        correction("c", "a", line="L2"),
        correction("d", "a", plant="south"),
    ]
    await post_with_rates(conn, rates_, raws)
    assert await figures(conn) == 50
    assert {c.state for c in await list_corrections(conn)} == {"not_applicable"}
    assert all('"a" is of line "L1"' in (c.why or "") for c in await list_corrections(conn))


async def test_corrections_in_a_circle_change_nothing_and_say_so(conn: Any) -> None:
    await post_with_rates(
        conn, book(), [defect("a", AT, 5), correction("c", "d"), correction("d", "c")]
    )
    assert await figures(conn) == 50
    assert {(c.state, c.why) for c in await list_corrections(conn)} == {
        ("not_applicable", "these corrections correct each other in a circle")
    }


async def test_a_replacement_closes_a_stop_that_was_open(conn: Any) -> None:
    await import_rates(conn, rates(), "t", "t")
    rates_ = await load(conn)
    closing = correction("c", "open", stop("closed", AT, LATER))
    await post_with_rates(conn, rates_, [stop("open", AT), closing])
    assert await figures(conn, "downtime") == 240
    assert (await waiting_items(conn, rates_, NOW, 50)).open_stops.stops == []


async def test_a_voided_stop_gives_its_time_to_those_it_hid(conn: Any) -> None:
    await import_rates(conn, rates(), "t", "t")
    rates_ = await load(conn)
    await post_with_rates(
        conn, rates_,
        [stop("one", AT, "2026-03-02T11:30:00+01:00", work_unit="M1"),
         stop("two", "2026-03-02T11:00:00+01:00", LATER, work_unit="M2")],
    )  # fmt: skip
    await post_with_rates(conn, rates_, [correction("c", "one")])
    assert await figures(conn, "downtime") == 120


async def test_the_daily_dispatch_goes_with_its_last_reject_and_comes_with_the_next(
    conn: Any,
) -> None:
    await post_with_rates(conn, BOOK, [defect("a", AT, 5), defect("b", AT, 5)])
    await post_with_rates(conn, BOOK, [correction("c", "a")])
    assert await figures(conn, "recovery_overhead") == 9
    await post_with_rates(conn, BOOK, [correction("d", "b")])
    assert await figures(conn, "recovery_overhead") == 0
    await post_with_rates(conn, BOOK, [defect("e", LATER, 1)])
    assert await figures(conn, "recovery_overhead") == 9


async def test_an_unpriced_event_that_is_voided_waits_no_longer_and_comes_back(conn: Any) -> None:
    none = book()
    await post_with_rates(conn, none, [defect("a", AT, 5, product="gadget"), correction("c", "a")])
    assert (await waiting_items(conn, none, NOW, 50)).unpriced.groups == []
    await post_with_rates(conn, none, [correction("d", "c")])
    [group] = (await waiting_items(conn, none, NOW, 50)).unpriced.groups
    assert (group.product, group.events) == ("gadget", 1)
    assert await figures(conn) == 0


async def test_a_replacement_without_a_price_is_settled_when_the_table_comes(conn: Any) -> None:
    raws = [defect("a", AT, 5), correction("c", "a", defect("b", AT, 3, stage="S9"))]
    await post_with_rates(conn, book(), raws)
    assert await figures(conn) == 0
    file = rates()
    staged = file.cost_tables[0].model_copy(
        update={"stages": (*file.cost_tables[0].stages[:1],
                           file.cost_tables[0].stages[1].model_copy(update={"stage": "S9"}))}
    )  # fmt: skip
    await import_rates(conn, file.model_copy(update={"cost_tables": (staged,)}), "t", "t")
    await conn.execute("update copq.unpriced set tried_revision = 0")
    assert await settle(conn, await load(conn)) == 1
    assert await figures(conn) == 30
    assert [c.entries for c in await list_corrections(conn)] == [["a#2", "b#1"]]


async def priced(raw: bytes) -> Batch:
    batch = Batch()
    with localcontext(MONEY):
        batch.add(encode(raw, price(decode(raw), BOOK)))
    return batch


AT_ONCE = {
    "the event first": [defect("a", AT, 5), correction("c", "a", defect("b", AT, 3))],
    "the correction first": [correction("c", "a", defect("b", AT, 3)), defect("a", AT, 5)],
    "the replacement by itself too": [correction("c", "a", defect("b", AT, 3)), defect("b", AT, 3)],
    "two corrections": [correction("c", "a"), correction("d", "a", defect("b", AT, 3))],
    "a correction of the correction": [correction("d", "c"), correction("c", "a")],
    "the last reject of a day, and the next": [correction("c", "first"), defect("b", AT, 1)],
    "the same, of another kind": [
        correction("c", "first"), event("scrap", "b", occurred_at=AT, product="widget", quantity=1)
    ],
    "the same, the other way round": [defect("b", AT, 1), correction("c", "first")],
}  # fmt: skip


@pytest.mark.parametrize("raws", AT_ONCE.values(), ids=AT_ONCE.keys())
async def test_of_two_transactions_at_once_neither_misses_the_other(
    conn: Any, database: str, raws: list[bytes]
) -> None:
    """The one posts and waits; the other begins meanwhile; then the one commits."""
    alone = {"a": defect("a", AT, 5), "first": defect("first", AT, 2), "c": correction("c", "a")}
    there = [alone["first"]] if b'"first"' in b"".join(raws) else []
    await post_with_rates(conn, BOOK, there)
    other = await asyncpg.connect(database)
    await prepare(other)
    transaction = conn.transaction()
    await transaction.start()
    await post(conn, await priced(raws[0]), BOOK)

    async def second() -> None:
        async with other.transaction():
            await post(other, await priced(raws[1]), BOOK)

    task = asyncio.create_task(second())
    await waits_or_ends(other, conn, task)
    await transaction.commit()
    await task
    await other.close()
    together = await result(conn)
    await empty(conn)
    await post_with_rates(conn, BOOK, [*there, *raws])
    assert together == await result(conn)


async def waits_or_ends(other: Any, conn: Any, task: "asyncio.Task[None]") -> None:
    """Until the other transaction waits for a lock of this one, or has nothing to wait for."""
    pid, query = other.get_server_pid(), "select cardinality(pg_blocking_pids($1)) > 0"
    while not task.done() and not await conn.fetchval(query, pid):
        await asyncio.sleep(0.01)


async def result(conn: Any) -> Any:
    assert await verify(conn) == []
    sums = await conn.fetch(
        "select element, sum(gross), sum(entries) from copq.rollup where grain = 'day' "
        "group by element having sum(entries) <> 0 order by 1"
    )
    return [tuple(row) for row in sums], await states(conn)


async def test_corrections_beyond_the_first_hundred_of_an_event_are_kept_and_not_applied(
    conn: Any,
) -> None:
    """They cost a batch nothing, bring nothing, and the one in force can still be corrected."""
    await post_with_rates(conn, book(), [defect("a", AT, 5)])
    many = [
        correction(f"c{n:03}", "a", defect(f"b{n:03}", AT, 1 + n), occurred_at=later(n))
        for n in range(MOST + 20)
    ]
    for start in range(0, len(many), 30):
        await post_with_rates(conn, book(), many[start : start + 30])
    found = {c.event_id: (c.state, c.why) for c in await list_corrections(conn)}
    assert len(found) == MOST + 20
    assert found[f"c{MOST - 1:03}"] == ("applied", None)
    state, why = found[f"c{MOST:03}"]
    assert state == "not_applicable" and why and '"a" has 100 corrections already' in why
    assert await figures(conn) == 10 * MOST
    await post_with_rates(conn, book(), many)
    assert {c.event_id: (c.state, c.why) for c in await list_corrections(conn)} == found
    related = await conn.fetch(*Queries.of(correcting.__file__).related_ids(ids=["a"]))
    assert len(related) == 2 * MOST + 1
    last = correction("d", f"c{MOST - 1:03}", occurred_at=later(500))
    await post_with_rates(conn, book(), [last])
    assert (await states(conn))[f"c{MOST - 2:03}"] == "applied"
    assert await figures(conn) == 10 * (MOST - 1)


def later(seconds: int) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat()
