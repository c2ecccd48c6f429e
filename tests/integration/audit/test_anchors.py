"""Anchors: what is changed afterwards of what was booked shows by digests that were kept."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from copq.access.authority import Actor
from copq.audit.anchor import (
    Anchor,
    AnchorFileError,
    Day,
    compare_days,
    digest_of,
    last_line,
    line_of,
    read_anchors,
)
from copq.audit.anchoring import altered_days, anchors, make_anchor, verify_anchors
from copq.audit.trail import Head
from copq.figures.verify import verify
from copq.rates.book import RateBook
from copq.rates.store import import_rates, load
from copq.retention.store import Order, begin, drop_events
from tests.support.attacking import attack
from tests.support.building import defect, event, post_events, production, rates, stop
from tests.support.tampering import tampering

ANNA = Actor("anna")
AT = "2026-03-02T10:00:00+01:00"
UNTIL = datetime(2026, 3, 3, tzinfo=UTC)
DAY = Day("entries", "north", date(2026, 3, 2), 4, "ab")


def chain(*days: Sequence[Day]) -> list[Anchor]:
    found: list[Anchor] = []
    for number, own in enumerate(days, 1):
        until = UNTIL.replace(day=number)
        digest = digest_of(number, until, own, found[-1].digest if found else "")
        found.append(Anchor(number, until, tuple(own), digest))
    return found


HEAD = Head(7, bytes(32))
WRITTEN = [*map(line_of, chain([DAY], [], [DAY])), last_line(HEAD)]


def test_a_file_holds_the_anchors_and_the_head() -> None:
    assert read_anchors(WRITTEN) == (chain([DAY], [], [DAY]), HEAD)
    assert read_anchors([last_line(HEAD)]) == ([], HEAD)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (WRITTEN[:-1], "its last line, the head of the audit trail, is missing"),
        (WRITTEN[1:], "line 1 is not an anchor as it was written: anchor 1 is missing"),
        ([WRITTEN[0], *WRITTEN[2:]], "line 2 is not an anchor as it was written: anchor 2 is"),
        ([WRITTEN[0].replace('"ab"', '"ac"'), *WRITTEN[1:]], "its digest is another"),
        ([*WRITTEN, WRITTEN[0]], "line 5 is not an anchor as it was written: nothing may follow"),
        (["{}"], "line 1"), (["[]"], "line 1"), ([""], "line 1"),
        ([json.dumps({"trail": "7"})], "it is written SEQ:HASH"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused(lines: list[str], says: str) -> None:
    with pytest.raises(AnchorFileError, match=says):
        read_anchors(lines)


def test_what_differs_names_plant_and_day() -> None:
    [anchor] = chain([DAY])
    assert list(compare_days([anchor], [[DAY]])) == []
    [gone] = compare_days([anchor], [[]])
    assert gone.subject["plant"] == "north" and gone.subject["day"] == DAY.day
    assert gone.expected == {"rows": 4, "sha256": "ab"} and gone.found is None
    [more] = compare_days([anchor], [[DAY, DAY._replace(plant="south")]])
    assert more.subject["plant"] == "south" and more.expected is None


@pytest.fixture
async def book(conn: asyncpg.Connection) -> RateBook:
    more: dict[str, Any] = {
        "rework_in_house": {"labour": 1, "material": 1},
        "return_scrap": {"price": 9},
    }
    await import_rates(
        conn, rates(recovery_rate="0.5", recovery_overhead_per_day="9", **more), "t", "t"
    )
    return await load(conn)


@pytest.fixture
async def kept(conn: asyncpg.Connection, book: RateBook) -> list[Anchor]:
    """The anchors of events of two days, of which one is corrected and one has no price."""
    why = {"reason": "counted twice", "occurred_at": "2026-03-04T12:00:00+01:00"}
    await post_events(conn, book, [
        production("p", AT, 100), defect("d1", AT, 5), defect("d2", "2026-03-03T10:00:00+01:00", 7),
        stop("s1", AT, "2026-03-02T12:20:00+01:00"),
        event("return", "r", occurred_at=AT, product="widget", quantity=3, scrapped=1),
        event("warranty", "w", occurred_at=AT, out_of_pocket=40),
        defect("u", AT, 1, product="unknown"),
        event("correction", "c", corrects="d2", **why),
    ])  # fmt: skip
    await make_anchor(conn, ANNA, "the month's end")
    return await anchors(conn)


async def test_the_anchor_is_in_the_trail_and_nothing_differs(
    conn: asyncpg.Connection, kept: list[Anchor]
) -> None:
    trail = "select who, why, new ->> 'digest' from copq.audit where subject = 'copq.anchor_digest'"
    assert tuple(await conn.fetchrow(trail)) == ("anna", "the month's end", kept[0].digest)
    assert {(day.kind, str(day.day)) for day in kept[0].days} == {
        ("entries", "2026-03-02"), ("entries", "2026-03-03"), ("events", "2026-03-02"),
        ("events", "2026-03-03"), ("events", "2026-03-04"),
    }  # fmt: skip
    assert await verify(conn) == []


async def differences(conn: asyncpg.Connection, kept: list[Anchor]) -> list[tuple[str, str]]:
    async with conn.transaction():
        found = await altered_days(conn, kept)
    assert {one.subject["plant"] for one in found} <= {"north"}
    return [(one.subject["of"], str(one.subject["day"])) for one in found]


LEDGER = "update copq.ledger set {} where event_id = 'd1'"
HALF = "quantity = 3, gross = 30, recovered = 6, net = 24"
PAYLOAD = """update copq.event set payload = replace(payload, '"quantity": 5', '"quantity": 3')
    where event_id = 'd1'"""
ENTRIES, EVENTS = ("entries", "2026-03-02"), ("events", "2026-03-02")
THE_DAY_AFTER = ("entries", "2026-03-05")
MOVED = "day = '2026-03-05', hour = hour + interval '3 days'"
ATTACKS: list[tuple[list[str], set[str], list[tuple[str, str]]]] = [
    # the figures of an entry
    ([LEDGER.format(HALF)], {"entry"}, [ENTRIES]),
    # an amount that the event itself names
    (["update copq.ledger set gross = 4, net = 4 where event_id = 'w'"], {"entry"}, [ENTRIES]),
    # the event's bytes
    ([PAYLOAD], {"entry"}, [EVENTS]),
    # both of them together: only the digests show it
    ([PAYLOAD, LEDGER.format(HALF)], set(), [ENTRIES, EVENTS]),
    # bytes that are no event any more, or those of another
    (["update copq.event set payload = 'x' where event_id = 'd1'"], {"event"}, [EVENTS]),
    (["update copq.event set payload = replace(payload, '\"d1\"', '\"d9\"') where event_id = 'd1'"],
     {"event"}, [EVENTS]),
    # the bytes of what has no entry: a correction, an event without a price
    (["update copq.event set payload = replace(payload, 'twice', 'once') where event_id = 'c'"],
     {"event"}, [("events", "2026-03-04")]),
    (["update copq.event set payload = replace(payload, 'unknown', 'widget') "
      "where event_id = 'u'"], set(), [EVENTS]),
    # an entry with its rollup; with its event, too; one of the two entries of an event
    (["delete from copq.ledger where event_id = 'w'"], {"event"}, [ENTRIES]),
    (["delete from copq.ledger where event_id = 'w'", "delete from copq.event where event_id = 'w'",
      "delete from copq.event_key where event_id = 'w'"], set(), [ENTRIES, EVENTS]),
    (["delete from copq.ledger where event_id = 'r' and element = 'return_scrap'"],
     {"entry"}, [ENTRIES]),
    # a stop, with all that is kept of it
    (["delete from copq.ledger where event_id = 's1'", "delete from copq.stop"],
     {"event"}, [ENTRIES]),
    # a shorter stop
    (["update copq.stop set ended_at = ended_at - interval '20 minutes', "
      "over_at = over_at - interval '20 minutes'",
      "delete from copq.ledger where event_id = 's1' and entry_no = 3"], {"event"}, [ENTRIES]),
    # an entry moved to another day, to another line, to another product
    ([LEDGER.format(MOVED)], {"entry", "recovery_overhead"}, [ENTRIES, THE_DAY_AFTER]),
    (["update copq.ledger set line = 'L2' where event_id = 'w'"], {"entry"}, [ENTRIES]),
    (["update copq.ledger set supplier = 'them' where event_id = 'w'"], {"entry"}, [ENTRIES]),
    # booked twice under another number
    (["create temp table twice as select * from copq.ledger where event_id = 'w'",
      "update twice set entry_no = 2", "insert into copq.ledger select * from twice"],
     {"entry"}, [ENTRIES]),
]  # fmt: skip


@pytest.mark.parametrize(("statements", "by_verify", "by_anchor"), ATTACKS)
async def test_what_a_superuser_changes_is_found(
    conn: asyncpg.Connection, kept: list[Anchor], statements: list[str], by_verify: set[str],
    by_anchor: list[tuple[str, str]],
) -> None:  # fmt: skip
    await attack(conn, *statements)
    assert await differences(conn, kept) == by_anchor
    assert {one.check for one in await verify(conn)} == by_verify | {"anchor"}


async def test_an_anchor_rewritten_as_well_shows_by_the_file(
    conn: asyncpg.Connection, kept: list[Anchor]
) -> None:
    await attack(conn, PAYLOAD, LEDGER.format(HALF), "delete from copq.anchor_day",
                 "delete from copq.anchor_digest", "delete from copq.anchor")  # fmt: skip
    assert {one.check for one in await verify(conn)} == {"audit_trail"}
    await make_anchor(conn, ANNA, "")
    assert await differences(conn, kept) == [ENTRIES, EVENTS]


async def test_a_changed_digest_shows(conn: asyncpg.Connection, kept: list[Anchor]) -> None:
    async with tampering(conn):
        await conn.execute("update copq.anchor_day set rows = 9 where kind = 'entries'")
    found = [str(one) for one in await verify(conn)]
    assert any("anchor 1" in one and "sha256" in one for one in found)


async def test_a_function_of_the_database_cannot_answer_for_the_proof(
    conn: asyncpg.Connection, kept: list[Anchor]
) -> None:
    await conn.execute(
        "create schema evil; create function evil.sha256(bytea) returns bytea language sql "
        "immutable return '\\x00'::bytea; set search_path = evil, pg_catalog"
    )
    assert await differences(conn, kept) == []


async def test_late_events_corrections_and_prices_are_no_alarm(
    conn: asyncpg.Connection, book: RateBook, kept: list[Anchor]
) -> None:
    await post_events(conn, book, [
        defect("late", AT, 2), stop("s2", AT, "2026-03-02T11:00:00+01:00", work_unit="M1"),
        event("correction", "c2", corrects="d1", reason="x", occurred_at=AT),
    ])  # fmt: skip
    assert await differences(conn, kept) == []
    await make_anchor(conn, ANNA, "")
    both = await anchors(conn)
    assert both[:1] == kept and len(both) == 2
    assert await verify(conn) == []


async def test_bytes_dropped_by_policy_are_no_alarm_and_their_digest_stays(
    conn: asyncpg.Connection, kept: list[Anchor]
) -> None:
    order = Order("events", date(2027, 1, 1))
    run = await begin(conn, order, ANNA, "records policy")
    ends = {"north": datetime(2027, 1, 1, tzinfo=UTC)}
    await drop_events(conn, run, ends, ends["north"], ANNA, "records policy")
    assert await conn.fetchval("select count(*) from copq.event where payload is null") > 4
    assert await differences(conn, kept) == [] and await verify(conn) == []
    async with tampering(conn):
        await conn.execute(
            "update copq.event set payload_sha256 = sha256('x') where event_id = 'd1'"
        )
    assert await differences(conn, kept) == [EVENTS]


async def test_only_the_right_digest_may_take_the_place_of_bytes(
    conn: asyncpg.Connection, kept: list[Anchor]
) -> None:
    with pytest.raises(asyncpg.RestrictViolationError):
        async with conn.transaction():
            await conn.execute("select set_config('copq.dropping', 'payloads', true)")
            await conn.execute(
                "update copq.event set payload = null, dropped_by = 1, "
                "payload_sha256 = sha256('x') where event_id = 'd1'"
            )


async def test_a_clock_that_was_put_back_is_no_alarm(
    conn: asyncpg.Connection, book: RateBook
) -> None:
    """What is booked after an anchor is later than it, whatever the server's clock says."""
    await conn.execute("insert into copq.anchor values (1, now() + interval '1 hour')")
    await make_anchor(conn, ANNA, "")
    kept = await anchors(conn)
    await post_events(conn, book, [defect("d", AT, 5)])
    assert await differences(conn, kept) == []
    assert await conn.fetchval("select every(booked_at > (select max(until) from copq.anchor)) "
                               "from copq.ledger")  # fmt: skip
    assert await conn.fetchval("select every(received_at > (select max(until) from copq.anchor)) "
                               "from copq.event")  # fmt: skip


async def test_an_interrupted_anchor_is_made_up_for(
    conn: asyncpg.Connection, book: RateBook
) -> None:
    await post_events(conn, book, [defect("d", AT, 5)])
    await conn.execute("insert into copq.anchor values (1, clock_timestamp())")
    await post_events(conn, book, [defect("e", AT, 5)])
    async with conn.transaction():
        assert await anchors(conn) == await verify_anchors(conn) == []
    await make_anchor(conn, ANNA, "")
    first, second = await anchors(conn)
    assert sum(day.rows for day in (*first.days, *second.days) if day.kind == "events") == 2
    assert await verify(conn) == []


async def test_nobody_changes_an_anchor(conn: asyncpg.Connection, kept: list[Anchor]) -> None:
    for name in ("anchor", "anchor_day", "anchor_digest"):
        for sql in (f"delete from copq.{name}", f"truncate copq.{name} cascade"):
            with pytest.raises(asyncpg.RestrictViolationError):
                await conn.execute(sql)
