"""What `copq verify` finds, and what it passes."""

from typing import Any

import pytest

from copq.figures.verify import verify
from copq.rates.book import RateBook
from copq.rates.store import import_rates, load
from tests.support.building import defect, event, post_events, production, rates, stop
from tests.support.tampering import tampering


@pytest.fixture
async def posted(conn: Any) -> RateBook:
    """A ledger with all there is: entries, reversals, open and ended stops, several batches."""
    await import_rates(conn, rates(recovery_rate="0.5", recovery_overhead_per_day="9"), "t", "t")
    book = await load(conn)
    await post_events(
        conn,
        book,
        [
            production("p", "2026-03-02T10:00:00+01:00", 100),
            defect("d1", "2026-03-02T10:05:00+01:00", 5),
            stop("s1", "2026-03-02T10:10:00+01:00", "2026-03-02T12:20:00+01:00"),
            stop("s2", "2026-03-02T09:00:00+01:00", work_unit="M1"),
        ],
    )
    later = [
        stop("s3", "2026-03-02T10:00:00+01:00", "2026-03-02T13:00:00+01:00", work_unit="M2"),
        stop("s4", "2026-03-02T22:40:00+01:00", "2026-03-03T07:10:00+01:00", work_unit="M2"),
        defect("d2", "2026-04-02T10:05:00+01:00", 5, line="L2"),
    ]
    await post_events(conn, book, later)
    why = {"reason": "counted twice", "occurred_at": "2026-03-05T10:00:00+01:00"}
    corrected = [
        defect("d3", "2026-03-04T10:05:00+01:00", 5),
        stop("s5", "2026-03-04T10:10:00+01:00", "2026-03-04T10:20:00+01:00"),
        event("correction", "c1", corrects="d3", **why),
        event("correction", "c2", corrects="s5", **why),
    ]
    await post_events(conn, book, corrected)
    return book


async def checks(conn: Any) -> list[str]:
    return sorted({difference.check for difference in await verify(conn)})


async def test_an_untouched_ledger_has_no_difference(conn: Any, posted: RateBook) -> None:
    assert await verify(conn) == []


async def test_an_empty_database_has_no_difference(conn: Any) -> None:
    assert await verify(conn) == []


TAMPERINGS = [
    ("update copq.rollup set net = net + 0.01 where grain = 'month' and element = 'defect'",
     ["rollup"]),
    ("delete from copq.rollup where grain = 'hour' and element = 'production'", ["rollup"]),
    ("insert into copq.rollup select grain, plant, 'L9', product, element, currency, day, hour,"
     " category, 1, 0, 0, 0, 0, 0, 0, 0, 0 from copq.rollup limit 1", ["rollup"]),
    ("insert into copq.rollup select grain, plant, 'L9', product, element, currency, day, hour,"
     " category, 0, 0, 0, 0, 0, 0, 0, 0, 0 from copq.rollup limit 1", []),
    ("delete from copq.ledger where event_id = 'd1'",
     ["event", "recovery_overhead", "rollup"]),
    ("update copq.correction set state = 'waiting' where event_id = 'c1'", ["correction"]),
    ("delete from copq.correction where event_id = 'c1'",
     ["corrected_by", "event"]),
    ("delete from copq.ledger where event_id = 'd3' and reverses is not null",
     ["corrected", "recovery_overhead", "rollup"]),
    ("update copq.stop set voided = false where event_id = 's5'", ["corrected", "downtime"]),
    ("delete from copq.withdrawn", ["recovery_overhead"]),
    ("insert into copq.ledger select * from copq.ledger where event_id = 'd1'",
     ["entry", "entry_twice", "rollup"]),
    ("delete from copq.event_key where event_id = 'd1'", ["entry", "event_key"]),
    ("delete from copq.ledger where event_id = 's1' and reverses is not null",
     ["downtime", "rollup"]),
    ("delete from copq.ledger where event_id = 's1' and reverses is null",
     ["downtime", "reversal", "rollup"]),
    ("update copq.ledger set gross = gross - 1, net = net - 1 where reverses is not null",
     ["downtime", "entry", "reversal", "rollup"]),
    ("update copq.stop set ended_at = ended_at + interval '1 minute' where event_id = 's4'",
     ["downtime", "event", "stop"]),
    ("update copq.stop set over_at = null where event_id = 's4'", ["stop"]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "found"), TAMPERINGS)
async def test_a_tampering_is_found(
    conn: Any, posted: RateBook, sql: str, found: list[str]
) -> None:
    async with tampering(conn):
        assert not (await conn.execute(sql)).endswith(" 0")
    assert await checks(conn) == found


async def test_a_difference_says_what_and_where(conn: Any, posted: RateBook) -> None:
    await conn.execute(
        "update copq.rollup set net = net + 1 where grain = 'day' and element = 'production'"
    )
    (difference,) = await verify(conn)
    assert str(difference) == (
        "rollup: grain day, plant north, line L1, product widget, element production, "
        "category none, currency EUR, day 2026-03-02: expected net 0, found net 1"
    )


async def test_a_dear_stop_within_a_long_one_numbers_entries_once(
    conn: Any, posted: RateBook
) -> None:
    """The re-booked hour lies between others of the same stop."""
    events = [
        stop("long", "2026-05-04T10:00:00+02:00", "2026-05-04T15:00:00+02:00", work_unit="M1"),
    ]
    await post_events(conn, posted, events)
    inner = stop("inner", "2026-05-04T09:50:00+02:00", "2026-05-04T11:30:00+02:00", work_unit="M2")
    await post_events(conn, posted, [inner])
    assert await verify(conn) == []
