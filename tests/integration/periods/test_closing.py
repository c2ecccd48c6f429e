"""When a month may be closed: ended in the plant's own time, after those before it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from copq.access.authority import Actor
from copq.figures.verify import verify
from copq.periods.closing import Order, close
from copq.periods.period import PeriodError, month_of
from copq.periods.store import steps
from copq.periods.unfinished import unfinished_items
from copq.rates.book import Site
from copq.rates.store import import_rates, load
from tests.support.building import defect, plant, post_events, rates, stop
from tests.support.periods.building import (
    APR,
    FEB,
    IN_FEB,
    IN_JAN,
    IN_MAR,
    JAN,
    MAR,
    WHY,
    booked,
    filled,
    open_again,
    shut,
    voiding,
)


@pytest.mark.parametrize(
    ("zone", "day_start", "month", "ends"),
    [
        ("Europe/Berlin", "06:00", "2026-02", "2026-03-01T05:00:00Z"),
        ("Europe/Berlin", "06:00", "2026-03", "2026-04-01T04:00:00Z"),  # summer time has begun
        ("Europe/Berlin", "00:00", "2026-10", "2026-10-31T23:00:00Z"),  # and ended
        ("Asia/Kolkata", "06:00", "2026-12", "2027-01-01T00:30:00Z"),
        ("America/New_York", "22:00", "2026-10", "2026-11-02T03:00:00Z"),  # on that very day
        ("Pacific/Kiritimati", "00:00", "2026-02", "2026-02-28T10:00:00Z"),
        ("Pacific/Pago_Pago", "23:45", "2026-02", "2026-03-02T10:45:00Z"),
    ],
)
async def test_a_month_ends_with_the_plants_last_production_day(
    conn: Any, zone: str, day_start: str, month: str, ends: str
) -> None:
    await import_rates(conn, rates(plant(zone=zone, day_start=day_start)), "rates.yaml", "test")
    book = await load(conn)
    end, second = datetime.fromisoformat(ends), timedelta(seconds=1)
    first = book.sites["north"].calendar.start_of(month_of(month))
    edges = (first - second, first, end - second, end)
    await post_events(
        conn, book, [defect(f"d{n}", at.isoformat(), 1 << n) for n, at in enumerate(edges)]
    )
    before = f"{month_of(month) - timedelta(days=1):%Y-%m}"
    await shut(conn, before)
    site, of = book.sites["north"], month_of(month)
    with pytest.raises(PeriodError, match=f"{month} of north lasts until"):
        await close(conn, site, of, WHY, end - second)
    await close(conn, site, of, WHY, end)
    rows = await conn.fetch("select month, net from copq.closing_figure order by 1")
    assert [(f"{row['month']:%Y-%m}", row["net"]) for row in rows] == [(before, 10), (month, 60)]
    assert await verify(conn) == []


async def test_months_are_closed_in_order(conn: Any) -> None:
    book = await filled(conn)
    events = [defect(f"d{at}", at) for at in (IN_JAN, IN_FEB, IN_MAR)]
    await post_events(conn, book, events)
    with pytest.raises(PeriodError, match=rf"close the months before {MAR} .* {JAN}, {FEB}"):
        await shut(conn, MAR)
    await shut(conn, JAN)
    await shut(conn, FEB)
    await open_again(conn, JAN)
    with pytest.raises(PeriodError, match=f"first: {JAN}$"):
        await shut(conn, MAR)
    await shut(conn, JAN)
    await shut(conn, MAR)


async def test_a_month_that_has_late_entries_alone_is_closed_in_its_turn(conn: Any) -> None:
    book = await filled(conn)
    await post_events(conn, book, [defect("j", IN_JAN)])
    await shut(conn, JAN)
    await post_events(conn, book, [defect("late", IN_JAN), defect("m", IN_MAR)])
    with pytest.raises(PeriodError, match=f"first: {FEB}$"):
        await shut(conn, MAR)
    await shut(conn, FEB)
    await shut(conn, MAR)


async def test_what_is_late_goes_after_the_last_closed_month_never_into_a_gap(conn: Any) -> None:
    """A month without entries need not be closed; a month that was reopened has its own reason."""
    book = await filled(conn)
    await post_events(conn, book, [defect("j", IN_JAN), defect("m", IN_MAR)])
    await shut(conn, JAN)
    await shut(conn, MAR)
    await post_events(conn, book, [defect("late", IN_JAN, 2)])
    await open_again(conn, MAR)
    await post_events(conn, book, [defect("later", IN_JAN, 4)])
    assert await booked(conn) == [
        (JAN, JAN, 10), (JAN, APR, 60), (MAR, MAR, 10)
    ]  # fmt: skip


async def test_what_is_unfinished_is_said_and_kept_with_the_closing(conn: Any) -> None:
    book = await filled(conn)
    await post_events(conn, book, [
        defect("u", IN_JAN, product="gadget"), voiding("c", "never", IN_JAN),
        stop("s", "2025-12-31T12:00:00Z"), stop("f", f"{FEB}-10T12:00:00Z"),
        defect("v", IN_FEB, product="gadget"),
        stop("n", f"{JAN}-02T12:00:00Z", line="L2"),
        stop("o", f"{JAN}-02T12:00:00Z", f"{JAN}-02T13:00:00Z", line="L2"),
    ])  # fmt: skip
    with pytest.raises(
        PeriodError, match=r"1 event without a price, 1 correction that waits .*, 1 stop still"
    ):
        await shut(conn, JAN)
    with pytest.raises(PeriodError, match=r"close it anyway: --accept corrections$"):
        await shut(conn, JAN, accepted=["unpriced", "stops"])
    await shut(conn, JAN, accepted=["unpriced", "stops", "corrections"])
    [step] = await steps(conn, "north", month_of(JAN))
    assert step.unfinished == {"unpriced": 1, "corrections": 1, "stops": 1}
    assert (step.by, step.why, step.closing) == ("controller", "month end", 1)
    assert await verify(conn) == []
    site = book.sites["north"]
    south = Site(site.plant.model_copy(update={"plant": "south"}))
    assert str(await unfinished_items(conn, south, month_of(JAN))) == ""


def test_nothing_is_done_without_a_reason() -> None:
    with pytest.raises(PeriodError, match="say why"):
        Order(Actor("controller"), " ")
