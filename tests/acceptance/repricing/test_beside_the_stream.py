"""Repricing while events arrive, interrupted, resumed: it ends as if all were priced again."""

import asyncio
import json
import random
import signal
import tempfile
from decimal import localcontext
from functools import partial
from typing import Any

import asyncpg
import pytest

from copq.figures.verify import verify
from copq.ledger.arithmetic import MONEY
from copq.posting.batch import Batch
from copq.posting.booking import StaleRates
from copq.posting.late_pricing import settle
from copq.posting.post import post, prepare
from copq.pricing.price import price
from copq.rates.book import RateBook
from copq.rates.store import import_rates, load
from copq.repricing import applying
from copq.repricing.filling import stage as stage_chunk
from copq.repricing.reach import RepricingScope
from copq.schemas.decode import decode
from copq.schemas.priced import encode
from tests.integration.repricing.test_repricing import CHANGES, OLD
from tests.support.building import defect, event, post_events, production, rates, stop
from tests.support.faults.processes import copq, until
from tests.support.programs.forked import launch
from tests.support.repricing.oracle import ANN, afresh, reprice, state

NEW = CHANGES["dearer"]
NEWER = rates(recovery_rate="0.25", recovery_overhead_per_day="4")


def history(chance: random.Random, name: str, count: int) -> list[bytes]:
    """Events of a week, in no order of time, some of them corrected."""
    found: list[bytes] = []
    for number in range(count):
        event_id = f"{name}{number:05}"
        hour = f"2026-03-{chance.randint(2, 8):02}T{chance.randint(0, 23):02}"
        at = f"{hour}:{chance.randint(0, 58):02}:00Z"
        line = chance.choice(("L1", "L2"))
        kind = chance.randrange(8)
        if kind == 0:
            found.append(production(event_id, at, chance.randint(1, 99), line=line))
        elif kind == 1:
            found.append(stop(event_id, at, f"{hour}:59:00Z", line=line, work_unit=event_id))
        elif kind == 2 and number:
            target = json.loads(chance.choice(found))
            brings = {}
            if chance.random() < 0.5:
                brings["replacement"] = json.loads(defect(f"{event_id}r", at, 3, line=line))
            found.append(
                event("correction", event_id, occurred_at=at, corrects=target["event_id"],
                      line=target["line"], reason="counted twice", **brings)
            )  # fmt: skip
        else:
            found.append(defect(event_id, at, chance.randint(1, 9), line=line))
    return found


def in_batches(events: list[bytes], size: int) -> list[list[bytes]]:
    return [events[start : start + size] for start in range(0, len(events), size)]


def batch_of(events: list[bytes], book: RateBook) -> Batch:
    batch = Batch()
    with localcontext(MONEY):
        for raw in events:
            batch.add(encode(raw, price(decode(raw), book)))
    return batch


async def stream(dsn: str, batches: list[list[bytes]], old: RateBook, going: asyncio.Event) -> int:
    """Post as the aggregator does, each batch priced with the old book first: it was in flight as
    the rates changed. Answers how many batches were stale."""
    conn = await asyncpg.connect(dsn)
    await prepare(conn)
    stale = 0
    for events in batches:
        batch, book = batch_of(events, old), await load(conn)
        while True:
            try:
                async with conn.transaction():
                    await post(conn, batch, book)
                break
            except StaleRates:
                stale += 1
                batch = batch_of(events, book)
            except asyncpg.DeadlockDetectedError:
                continue  # as the stream does
        going.set()
        await asyncio.sleep(0)
    await conn.close()
    return stale


async def test_what_streams_in_meanwhile_is_right_wherever_the_scan_is(
    conn: asyncpg.Connection, database: str, other_database: str
) -> None:
    chance = random.Random(7)
    first, later = history(chance, "a", 400), history(chance, "b", 300)
    # Of events that were there before, too.
    later += [
        event("correction", f"c{n}", occurred_at="2026-03-09T00:00:00Z", reason="why",
              corrects=(target := json.loads(chance.choice(first)))["event_id"],
              line=target["line"])
        for n in range(60)
    ]  # fmt: skip
    chance.shuffle(later)
    await import_rates(conn, OLD, "t", "t")
    old = await load(conn)
    await post_events(conn, old, first)
    await import_rates(conn, NEW, "t", "t")
    going = asyncio.Event()
    streaming = asyncio.create_task(stream(database, in_batches(later, 12), old, going))
    await going.wait()
    run = await reprice(database, size=10)
    assert run is not None and run.state == "done"
    assert await streaming == len(in_batches(later, 12))
    assert await verify(conn) == []
    await settle(conn, await load(conn))
    assert await state(conn) == await afresh(other_database, [OLD, NEW], [first, later])


async def test_rates_that_change_meanwhile_begin_a_new_run_with_them(
    conn: asyncpg.Connection, database: str, other_database: str, monkeypatch: Any
) -> None:
    events = history(random.Random(3), "a", 200)
    await import_rates(conn, OLD, "t", "t")
    await post_events(conn, await load(conn), events)
    await import_rates(conn, NEW, "t", "t")
    seen: list[int] = []

    def watch(run: Any) -> None:
        seen.append(run.seen)

    real = stage_chunk

    async def stage(*arguments: Any) -> None:
        if max(seen) >= 100 and len(await conn.fetch("select from copq.rate_revision")) == 2:
            await import_rates(conn, NEWER, "t", "t")
        await real(*arguments)

    monkeypatch.setattr(applying, "stage", stage)
    run = await applying.apply(database, RepricingScope(), ANN, "a test", watch, 20)
    assert run is not None and (run.revision, run.state) == (3, "done")
    assert await verify(conn) == []
    rows = await conn.fetch("select revision, state from copq.repricing order by 1")
    assert [tuple(row) for row in rows] == [(2, "superseded"), (3, "done")]
    await settle(conn, await load(conn))
    assert await state(conn) == await afresh(other_database, [OLD, NEW, NEWER], [events])


async def test_two_processes_share_a_run_and_book_nothing_twice(
    conn: asyncpg.Connection, database: str, other_database: str
) -> None:
    events = history(random.Random(5), "a", 300)
    await import_rates(conn, OLD, "t", "t")
    await post_events(conn, await load(conn), events)
    await import_rates(conn, NEW, "t", "t")
    await asyncio.gather(reprice(database, size=7), reprice(database, size=11))
    assert await verify(conn) == []
    assert await conn.fetchval("select count(*) from copq.repricing") == 1
    await settle(conn, await load(conn))
    assert await state(conn) == await afresh(other_database, [OLD, NEW], [events])


@pytest.fixture
def command(database: str) -> list[str]:
    return ["reprice", "--apply", "--why", "costs came late", "--database", database]


async def test_killed_it_goes_on_where_it_was(
    conn: asyncpg.Connection, database: str, other_database: str, command: list[str]
) -> None:
    chance = random.Random(11)
    events = history(chance, "a", 11_000)
    await import_rates(conn, OLD, "t", "t")
    book = await load(conn)
    for some in in_batches(events, 5_000):
        await post_events(conn, book, some)
    await import_rates(conn, NEW, "t", "t")
    with tempfile.TemporaryFile() as printed:
        process = launch(command, printed.fileno(), 0)
        await until(partial(has_seen, conn, 1), "the repricing is under way")
        process.send_signal(signal.SIGKILL)
        process.wait()
    killed_at = await conn.fetchval("select max(seen) from copq.repricing")
    assert await verify(conn) == []
    said = json.loads(copq(*command, "--json"))
    rows = await conn.fetch("select seen, state from copq.repricing")
    total = await conn.fetchval("select count(*) from copq.event where event_type <> 'correction'")
    assert [tuple(row) for row in rows] == [(total, "done")]
    assert 0 < killed_at < total
    assert said["events"] == total and said["why"] == "costs came late"
    assert await verify(conn) == []
    await settle(conn, await load(conn))
    assert await state(conn) == await afresh(other_database, [OLD, NEW], in_batches(events, 5_000))


async def has_seen(conn: asyncpg.Connection, number: int) -> bool:
    seen = await conn.fetchval("select max(seen) from copq.repricing")
    return seen is not None and seen >= number
