"""Trailing windows, to the minute at their edges, against the events counted by hand."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from copq.figures.trailing import WINDOWS, trailing_windows
from copq.ledger.figures import ReportRow, Scope
from copq.rates.book import RateBook
from copq.reporting.exporter.windows import QUARTER
from tests.support.building import book, defect, plant, post_events, production, stop

MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{text}+01:00")


async def last_hour(conn: Any, rates: RateBook, now: datetime) -> list[ReportRow]:
    found = await trailing_windows(conn, rates, Scope(), now)
    assert [w.window.name for w in found] == ["1 h", "24 h", "30 d"]
    assert (found[0].start, found[0].end) == (now - timedelta(hours=1), now)
    return found[0].rows


@pytest.mark.parametrize(
    ("occurred", "now", "counts"),
    [
        ("10:20:00", "11:20:00", False),  # just as the window begins: no longer in it
        ("10:20:00.000001", "11:20:00", True),
        ("11:20:00", "11:20:00", True),  # just now
        ("11:20:00.000001", "11:20:00", False),  # later than now
        ("10:00:00", "11:00:00", False),  # the same where the edges are whole hours
        ("10:59:59.999999", "11:00:00", True),
        ("11:00:00", "11:00:00", True),
        ("10:00:00.000001", "11:00:00", True),
    ],
)
async def test_the_window_is_open_at_its_start_and_closed_at_its_end(
    conn: Any, occurred: str, now: str, counts: bool
) -> None:
    rates = book()
    await post_events(conn, rates, [defect("d", at(occurred).isoformat())])
    found = await last_hour(conn, rates, at(now))
    assert [row.copq for row in found] == ([10] if counts else [])


async def test_a_stop_across_an_edge_counts_for_its_part(conn: Any) -> None:
    rates = book()
    events = [
        stop("s1", at("10:10:00").isoformat(), at("10:30:00").isoformat()),
        stop("s2", at("11:10:00").isoformat(), at("11:30:00").isoformat()),
    ]
    await post_events(conn, rates, events)
    (row,) = await last_hour(conn, rates, at("11:20:00"))
    assert (row.copq, round(row.hours, 8)) == (40, Decimal("0.33333333"))


async def test_a_reversed_stop_counts_nothing(conn: Any) -> None:
    rates = book()
    await post_events(
        conn, rates, [stop("s1", at("10:10:00").isoformat(), at("10:30:00").isoformat())]
    )
    longer = stop("s2", at("10:10:00").isoformat(), at("10:40:00").isoformat())
    await post_events(conn, rates, [longer])
    (row,) = await last_hour(conn, rates, at("11:20:00"))
    assert row.copq == 40


async def test_an_open_stop_counts_for_its_time_in_the_window(conn: Any) -> None:
    rates = book()
    await post_events(conn, rates, [stop("s", at("09:00:00").isoformat())])
    now = at("11:20:00")
    hour, day, _ = await trailing_windows(conn, rates, Scope(), now)
    assert [(row.copq, row.provisional) for row in hour.rows] == [(120, 120)]
    assert [row.copq for row in day.rows] == [280]


async def test_share_and_scope(conn: Any) -> None:
    rates = book()
    events = [
        production("p", at("10:30:00").isoformat(), 100),
        defect("d1", at("10:40:00").isoformat(), 5),
        defect("d2", at("10:45:00").isoformat(), 5, line="L2"),
    ]
    await post_events(conn, rates, events)
    hour, *_ = await trailing_windows(
        conn, rates, Scope(line="L1", by=("element",)), at("11:20:00")
    )
    assert [(row.dims, row.copq_share) for row in hour.rows] == [
        ({"element": "defect"}, Decimal("0.05"))
    ]


PLANTS = (
    plant("north", "Europe/Berlin", "06:00"),
    plant("middle", "Europe/Berlin", "06:15"),
    plant("south", "America/Chicago", "00:00", "USD"),
    plant("east", "Asia/Kolkata", "22:30", "INR"),
)
END = datetime.fromisoformat("2026-04-10T00:00:00+00:00")
"""Clocks change within the thirty days before it, in Berlin and in Chicago."""


def _stream(random: Random) -> list[bytes]:
    """Events of 45 days, on whole minutes, densest towards the end."""
    events = []
    for number in range(700):
        ago = random.choice(
            [random.randrange(200), random.randrange(3_000), random.randrange(65_000)]
        )
        when = (END - ago * MINUTE).isoformat()
        where = {"plant": random.choice(PLANTS).plant, "line": random.choice(["L1", "L2"])}
        kind = random.choice(["production", "defect", "stop"])
        if kind == "stop":
            lasts = random.choice([None, *[random.randrange(1, 200)] * 12])
            ended = None if lasts is None else (END - (ago - lasts) * MINUTE).isoformat()
            if ended is None and ago > 5_000:
                continue
            events.append(stop(f"e{number}", when, ended, **where, work_unit=f"M{number}"))
        else:
            make = production if kind == "production" else defect
            events.append(make(f"e{number}", when, random.randrange(1, 50), **where))
    return events


def _by_hand(events: list[bytes], start: datetime, now: datetime) -> dict[Any, tuple[Any, Any]]:
    """COPQ and base by plant and line: minutes that stand still counted one by one."""
    found: dict[Any, list[int]] = {}
    stopped: dict[Any, set[datetime]] = {}
    for event in map(json.loads, events):
        line = event["plant"], event["line"]
        if event["event_type"] == "downtime":
            minute = max(datetime.fromisoformat(event["started_at"]), start)
            ended = event.get("ended_at")
            last = min(datetime.fromisoformat(ended), now) if ended else now
            while minute < last:
                stopped.setdefault(line, set()).add(minute)
                minute += MINUTE
        elif start < datetime.fromisoformat(event["occurred_at"]) <= now:
            sums = found.setdefault(line, [0, 0])
            sums[event["event_type"] == "production"] += 10 * event["quantity"]
    for line, minutes in stopped.items():
        found.setdefault(line, [0, 0])[0] += len(minutes) * {"L1": 2, "L2": 3}[line[1]]
    return {line: (copq, base) for line, (copq, base) in found.items()}


@pytest.mark.parametrize("seed", range(4))
async def test_windows_are_what_the_events_say(conn: Any, seed: int) -> None:
    random = Random(seed)
    rates, events = book(*PLANTS), _stream(random)
    shuffled = random.sample(events, len(events))
    for first in range(0, len(shuffled), 100):
        await post_events(conn, rates, shuffled[first : first + 100])
    for now in (END, END - 45 * MINUTE, END - random.randrange(3_000) * MINUTE):
        for found in await trailing_windows(conn, rates, Scope(), now, (QUARTER, *WINDOWS)):
            wanted = _by_hand(events, found.start, now)
            rows = {(r.dims["plant"], r.dims["line"]): r for r in found.rows}
            assert rows.keys() == wanted.keys()
            for line, (copq, base) in wanted.items():
                assert rows[line].base == base
                assert float(rows[line].copq) == pytest.approx(copq, abs=1e-5)


def test_windows_are_those_of_the_model() -> None:
    assert [w.length for w in WINDOWS] == [
        timedelta(hours=1), timedelta(hours=24), timedelta(days=30),
    ]  # fmt: skip
