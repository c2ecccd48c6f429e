"""Whatever somebody else writes to the topic of refused messages is kept, and stops nobody."""

import asyncio
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.aggregator.fenced_topic import FencedReader, ReaderSettings
from copq.aggregator.rejected_stream import _keep_until_kept, _rejected
from copq.kafka.brokers import Brokers
from copq.kafka.topics import REJECTED
from copq.posting.rejected import list_rejected
from copq.schemas.refusal import Refusal
from copq.schemas.rejected import KEPT_BYTES, KEPT_HEADERS, Origin, decode, encode, rejected_event
from tests.integration.aggregator.test_fence import Log, read_log
from tests.integration.aggregator.test_foreign_messages import HEADERS, ODD, paths, record
from tests.support.patience import PATIENCE_S
from tests.support.searching import examples

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LONG = 10 * 1024 * 1024
TIMES = [
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-12:00", "10000-01-01T00:00:00Z", "infinity", "-infinity", "Infinity",
    "1969-12-31T23:59:59Z", "2199-12-31T23:59:59Z", "2300-01-01T00:00:00Z", 0, -1, 1e308,
    2**63, float("inf"), float("nan"),
]  # fmt: skip
LARGE = ["x" * 300, "x" * 3_000, "x" * 300_000, "\x00" * 70, "\ud800", "é" * 3_000]
PARTS = ODD + TIMES + LARGE + [{"a": "\x00"}, {"\ud800": "b"}, {"x" * 20_000: ""}, {"a": 1}]


def whole() -> Any:
    origin = Origin(topic="quality.events", partition=1, offset=7, fingerprint="ab")
    event = rejected_event(
        Refusal("id_taken", "event_id", "is taken"), b'{"event_id": "a"}', NOW, origin, "press-4",
        {"ce_id": "1"},
    )  # fmt: skip
    return json.loads(encode(event))


@st.composite
def changed(draw: Any) -> bytes:
    """A rejected event of which some parts are others, or are gone."""
    said = whole()
    for _ in range(draw(st.integers(0, 3))):
        *way, last = draw(st.sampled_from(sorted(paths(said), key=repr)))
        place: Any = said
        for name in way:
            place = place[name]
        if draw(st.integers(0, 3)):
            place[last] = draw(st.sampled_from(PARTS))
        else:
            del place[last]
    return json.dumps(said).encode()


MESSAGES = st.one_of(
    changed(), changed(), st.none() | st.binary(max_size=60),
    st.sampled_from([b"[" * 100_000, b'{"headers":' * 50_000, b'"' + b"x" * LONG + b'"']),
)  # fmt: skip


@examples(0.5)
@given(message=MESSAGES, headers=HEADERS)
def test_reading_a_refusal_never_fails_and_bounds_what_is_kept(message: Any, headers: Any) -> None:
    event = _rejected(record(7, message, headers))
    assert decode(encode(event)) == event
    assert len(encode(event)) < 2 * KEPT_BYTES + 2 * KEPT_HEADERS + 40_000
    assert event.rejected_at < datetime.now(UTC) + timedelta(days=2)


async def reading(database: str) -> FencedReader:
    found = FencedReader(
        ReaderSettings(Brokers(""), database, REJECTED, "group", 500, 10.0), asyncio.Event()
    )
    read_log(found, Log())
    await found.on_partitions_assigned(found._consumer.assignment())
    return found


async def kept(database: str, messages: list[Any]) -> None:
    reader = await reading(database)
    records = [record(n, *one) for n, one in enumerate(messages)]
    async with asyncio.timeout(PATIENCE_S):
        await _keep_until_kept(reader, database, {0: records}, reader.watch.logs)
    reader.store.disconnect()


@examples(0.1)
@given(messages=st.lists(st.tuples(MESSAGES, HEADERS), min_size=5, max_size=20))
def test_each_is_kept_and_the_fence_moves_on(database: str, messages: list[Any]) -> None:
    asyncio.run(_kept_and_moved_on(database, messages))


async def _kept_and_moved_on(database: str, messages: list[Any]) -> None:
    conn = await asyncpg.connect(database)
    await conn.execute("delete from copq.fence")
    await conn.execute("set session_replication_role = replica")
    await conn.execute("delete from copq.rejected")
    await kept(database, messages)
    assert await conn.fetchval("select max(next_offset) from copq.fence") == len(messages)
    rows = await list_rejected(conn, limit=1_000)
    bare = [row for row in rows if row["code"] == "not_rejected_event"]
    assert len(bare) == sum(_is_bare(*one) for one in messages)
    assert all(len(row["payload"]) <= KEPT_BYTES for row in rows)
    await conn.close()


def _is_bare(message: bytes | None, headers: Any) -> bool:
    return _rejected(record(0, message, headers)).code == "not_rejected_event"


async def test_a_time_that_cannot_be_is_no_reason_to_stop(
    database: str, conn: asyncpg.Connection
) -> None:
    before = datetime.now(UTC)
    said = whole() | {"origin": None}
    messages = [json.dumps(said | {"rejected_at": at}).encode() for at in TIMES]
    await kept(database, [(message, ()) for message in messages])
    rows = await list_rejected(conn)
    bare = {bytes(row["payload"]) for row in rows if row["code"] == "not_rejected_event"}
    fit = TIMES.index("2199-12-31T23:59:59Z"), TIMES.index(0)
    assert bare == {m for n, m in enumerate(messages) if n not in fit}
    at = {row["rejected_at"] for row in rows if row["origin_offset"] not in fit[1:]}
    assert all(before <= one <= datetime.now(UTC) for one in at)


async def test_ten_megabytes_are_kept_by_their_beginning(
    database: str, conn: asyncpg.Connection
) -> None:
    large = b64encode(b"x" * LONG).decode()
    fields = {"payload_base64": large, "message": "m" * LONG, "code": "c" * LONG}
    messages = [json.dumps(whole() | {name: value}).encode() for name, value in fields.items()]
    await kept(database, [(message, ()) for message in messages])
    rows = await list_rejected(conn)
    assert [(row["code"], len(row["payload"])) for row in rows] == [
        ("not_rejected_event", KEPT_BYTES)
    ] * 3
    assert [row["size"] for row in reversed(rows)] == [len(message) for message in messages]


async def test_one_that_postgres_refuses_is_kept_by_its_bytes(
    database: str, conn: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await conn.execute("alter table copq.rejected add check (message <> 'odd')")
    odd = json.dumps(whole() | {"message": "odd", "origin": None}).encode()
    await kept(database, [(encode(_rejected(record(9, b"no"))), ()), (odd, ())])
    rows = await list_rejected(conn)
    assert sorted((row["code"], bytes(row["payload"])) for row in rows) == [
        ("not_rejected_event", b"no"), ("not_rejected_event", b'{"event_id": "a"}'),
    ]  # fmt: skip
    assert "kept by its bytes alone" in caplog.text


@pytest.mark.parametrize("text", ["\ud800", "\x00", "m" * 5_000])
def test_a_reason_that_quotes_anything_can_be_sent(text: str) -> None:
    event = rejected_event(Refusal("x", text, text), b"", NOW, None, text, {text: text})
    assert decode(encode(event)) == event
    assert len(event.message) <= 4_000
