"""Whatever somebody else writes to the topic of priced events is booked or kept as refused."""

import asyncio
import json
from collections.abc import Iterator
from decimal import localcontext
from itertools import count
from typing import Any

import asyncpg
import pytest
from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from copq.aggregator.fetched_batch import Fetched
from copq.aggregator.readings import PricedEvents
from copq.figures.verify import verify
from copq.kafka.topics import PRICED
from copq.ledger.arithmetic import MONEY
from copq.posting.post import prepare
from copq.pricing.price import price
from copq.rates.store import import_rates
from copq.rates.watch import RateWatch
from copq.schemas.decode import decode
from copq.schemas.priced import EVENT_FOLLOWS, encode, join
from tests.integration.aggregator.test_correcting import correction
from tests.integration.aggregator.test_fence import Log, Worker
from tests.support.building import book, defect, production, rates, stop
from tests.support.searching import examples
from tests.unit.aggregator.test_reading import LOGS

AT = "2026-03-02T10:00:00Z"
KINDS = [
    defect("d", AT, 5), production("p", AT, 9), stop("s", AT, "2026-03-02T12:00:00Z"),
    correction("c", "d-other", defect("r", AT)), defect("u", AT, product="gadget"),
]  # fmt: skip
BOOK = book(recovery_rate="0.5", recovery_overhead_per_day="9")
ODD: list[Any] = [
    None, True, -1, 2**31, 2**63, 10**400, "NaN", "Infinity", "-", "1E99", "1E131072", "", "x",
    "x" * 200, "x" * 4000, "\x00", "a\tb", "a\nb\\N", "\ud800", "2026-02-30T10:00:00Z",
    "2026-02-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-03-02T10:00:00",
    "copq:x", [], {}, [[]], "priced", "stop", "correction", "unpriced", "prevention", "nowhere",
]  # fmt: skip
_numbers = count(1)
Path = tuple[Any, ...]


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """The way to each part of a JSON value."""
    if at:
        yield at
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in parts:
            yield from paths(part, (*at, name))


def message(raw: bytes) -> tuple[Any, Any]:
    """The pricing and the event of a message as costing writes it, as values."""
    with localcontext(MONEY):
        whole = encode(raw, price(decode(raw), BOOK))
    head, _, event = whole.partition(EVENT_FOLLOWS)
    return json.loads(head + b"}"), json.loads(event[:-1])


@st.composite
def changed(draw: Any) -> bytes:
    """A message of which some parts are others, or are gone."""
    parts = message(draw(st.sampled_from(KINDS)))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(sorted(paths(list(parts)), key=repr)))
        place: Any = list(parts)
        for name in way:
            place = place[name]
        if not way:
            continue
        if draw(st.booleans()) or isinstance(place, list):
            place[last] = draw(st.sampled_from(ODD))
        else:
            del place[last]
    if isinstance(parts[1].get("event_id"), str):
        parts[1]["event_id"] += f"-{next(_numbers)}"
    head, event = (json.dumps(part).encode() for part in parts)
    return join(head[:-1], event)


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["copq-sent-by", "traceparent", "content-type", "\ufffd", ""]),
        st.none() | st.binary(max_size=40),
    ),
    max_size=3,
)
HEADS = (
    '{"outcome":"priced","rates":1,"entries":',
    '{"outcome":"priced","rates":1,"entries":[],"event":',
)
MESSAGES = st.one_of(
    changed(), st.binary(max_size=60), st.sampled_from([None, b""]),
    st.sampled_from(HEADS).map(lambda head: head.encode() + b"[" * 100_000),
)  # fmt: skip


def record(offset: int, value: bytes | None, headers: Any = ()) -> ConsumerRecord[Any, Any]:
    return ConsumerRecord(
        PRICED, 0, offset, next(_numbers), 0, None, value, None, 0, 0, tuple(headers)
    )


@examples(0.5)
@given(messages=st.lists(st.tuples(MESSAGES, HEADERS), min_size=1, max_size=3))
def test_reading_a_message_never_fails(messages: Any) -> None:
    records = [record(n, *one) for n, one in enumerate(messages)]
    fetched = Fetched.of({0: records}, LOGS, PricedEvents())
    again = fetched.priced_with(BOOK)
    for found in (fetched, again):
        assert found.batch.events + len(found.broken) == len(records)


@examples(0.1)
@given(messages=st.lists(st.tuples(MESSAGES, HEADERS), min_size=10, max_size=30))
def test_each_message_is_booked_or_kept_with_a_reason(database: str, messages: Any) -> None:
    asyncio.run(_booked_or_kept(database, messages))


async def _booked_or_kept(database: str, messages: list[tuple[bytes | None, Any]]) -> None:
    conn = await asyncpg.connect(database)
    await prepare(conn)
    await conn.execute("delete from copq.fence")
    worker = await working(database, conn)
    counts = (
        "select (select count(*) from copq.rejected) as kept, "
        "(select count(*) from copq.event where origin_offset is not null) as events"
    )
    before = await conn.fetchrow(counts)
    records = [record(n, *one) for n, one in enumerate(messages)]
    await worker.booked(records)
    after = await conn.fetchrow(counts)
    kept, events = (after[name] - before[name] for name in ("kept", "events"))
    assert kept + events == len(records)
    assert await conn.fetchval("select max(next_offset) from copq.fence") == len(records)
    assert await conn.fetchval("select count(*) from copq.ledger where net = 'NaN'") == 0
    worker.close()
    await conn.close()


async def working(database: str, conn: asyncpg.Connection) -> Worker:
    if not await conn.fetchval("select count(*) from copq.rate_revision"):
        file = rates(recovery_rate="0.5", recovery_overhead_per_day="9")
        await import_rates(conn, file, "test", "test")
    watch = RateWatch(database)
    await watch.first(asyncio.Event())
    worker = Worker(database, watch, Log())
    await worker.assigned()
    return worker


IMPOSSIBLE = [
    ("occurred_at", "2026-02-30T10:00:00Z"), ("event_id", "a\tb"), ("line", "x" * 65),
    ("occurred_at", None), ("quantity", -1),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), IMPOSSIBLE)
async def test_an_event_that_cannot_be_is_kept_and_the_rest_is_booked(
    database: str, conn: Any, field: str, value: Any
) -> None:
    worker = await working(database, conn)
    head, event = message(KINDS[0])
    event[field] = value
    values = [join(json.dumps(head).encode()[:-1], json.dumps(event).encode()), good("good")]
    await worker.booked([record(n, value) for n, value in enumerate(values)])
    worker.close()
    rows = await conn.fetch("select code, origin_offset from copq.rejected")
    assert [tuple(row) for row in rows] == [("not_priced", 0)]
    assert [row["event_id"] for row in await conn.fetch("select event_id from copq.event")] == [
        "good"
    ]
    assert await verify(conn) == []


PRICES = [
    ("gross", "1-1"), ("net", "77"), ("hour", "2026-03-02T10:00:00+23:00"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [*PRICES, ("rates", 10**9)])
async def test_a_price_that_does_not_fit_the_ledger_is_made_here(
    database: str, conn: Any, field: str, value: Any
) -> None:
    worker = await working(database, conn)
    head, event = message(KINDS[0])
    (head if field == "rates" else head["entries"][0])[field] = value
    raw = json.dumps(event).encode()
    await worker.booked(
        [record(0, join(json.dumps(head).encode()[:-1], raw)), record(1, good("g"))]
    )
    worker.close()
    booked = "select sum(net) from copq.ledger where element = 'defect'"
    assert await conn.fetchval(booked) == 60 - 6 * 2
    assert await verify(conn) == []


def good(event_id: str) -> bytes:
    raw = defect(event_id, AT)
    with localcontext(MONEY):
        return encode(raw, price(decode(raw), BOOK))


async def test_verify_names_a_price_by_a_rate_version_that_is_not_stored(
    database: str, conn: Any
) -> None:
    worker = await working(database, conn)
    head, event = message(KINDS[0])
    head["entries"][0]["rate_version"] = 2**62
    raw = json.dumps(event).encode()
    await worker.booked([record(0, join(json.dumps(head).encode()[:-1], raw))])
    worker.close()
    [difference] = await verify(conn)
    assert difference.check == "entry"
    assert difference.found == {"rate that prices the event": "missing"}
