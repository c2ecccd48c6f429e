"""The rate of the day is stored with the entry, and never changes."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from copq.currencies.file import ExchangeFileError
from copq.currencies.store import CurrencyFixed, set_reporting
from copq.figures.report import ReportQuery, report
from copq.figures.verify import verify
from copq.posting.late_conversion import REASON, convert_late
from tests.support.building import defect, event, post_events, production, stop
from tests.support.currencies.site import (
    AT,
    FINANCE,
    JPY,
    MONDAY,
    SEK,
    TUESDAY,
    publish,
    stored,
    three_plants,
)
from tests.support.tampering import tampering

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)


def correction(event_id: str, corrects: str, plant: str = "gavle") -> bytes:
    said = {"corrects": corrects, "reason": "miscounted", "occurred_at": AT, "plant": plant}
    return event("correction", event_id, **said)


async def copq(conn: Any, book: Any) -> Any:
    """The month of all plants in EUR: COPQ, base, and how many entries have no rate."""
    query = ReportQuery(by=(), grain="month", currency="EUR")
    rows = await report(conn, book, query, NOW)
    return [(row.money("copq"), row.money("base"), row.unconverted) for row in rows]


async def test_an_entry_keeps_the_rate_of_its_day_and_its_own_currency_is_worth_one(
    conn: Any,
) -> None:
    book = await three_plants(conn)
    await publish(conn, ("SEK", MONDAY, SEK), ("SEK", TUESDAY, "0.1"), ("JPY", MONDAY, JPY))
    events = [
        defect("n", AT, 3), defect("g", AT, 5, plant="gavle"), defect("o", AT, 7, plant="osaka"),
        production("p", AT, 10, plant="gavle"), production("q", AT, 20),
    ]  # fmt: skip
    await post_events(conn, book, events)
    assert [await stored(conn, i) for i in "ngo"] == [
        [(1, None, 1)], [(1, None, SEK)], [(1, None, JPY)]
    ]  # fmt: skip
    wanted = 30 + 50 * SEK + 70 * JPY
    assert await copq(conn, book) == [(wanted, 200 + 100 * SEK, 0)]
    assert await verify(conn) == []


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-03-06", "0.5"), ("2026-03-07", "0.5"), ("2026-03-08", "0.5"), ("2026-03-13", "0.5"),
     ("2026-03-14", None), ("2026-03-05", None)],
)  # fmt: skip
async def test_a_weekend_takes_the_last_rate_before_it_and_seven_days_are_the_limit(
    conn: Any, day: str, expected: str | None
) -> None:
    book = await three_plants(conn)
    await publish(conn, ("SEK", date(2026, 3, 6), "0.5"))
    await post_events(conn, book, [defect("d", f"{day}T10:00:00+01:00", plant="gavle")])
    assert await stored(conn, "d") == [(1, None, expected and Decimal(expected))]


async def test_a_rate_is_that_of_the_production_day_not_of_the_calendars(conn: Any) -> None:
    book = await three_plants(conn)
    await publish(conn, ("SEK", MONDAY, "0.5"), ("SEK", TUESDAY, "0.6"))
    await post_events(conn, book, [defect("d", "2026-03-03T05:59:00+01:00", plant="gavle")])
    assert await stored(conn, "d") == [(1, None, Decimal("0.5"))]


async def test_a_missing_rate_leaves_no_figure_and_says_how_many(conn: Any) -> None:
    book = await three_plants(conn)
    await post_events(conn, book, [defect("n", AT, 3), defect("g", AT, 5, plant="gavle")])
    assert await copq(conn, book) == [(None, None, 1)]
    own = await report(conn, book, ReportQuery(by=(), grain="month"), NOW)
    assert [(row.currency, row.copq, row.unconverted) for row in own] == [
        ("EUR", 30, 0), ("SEK", 50, 0)
    ]  # fmt: skip
    assert await verify(conn) == []


async def test_a_rate_that_comes_late_books_the_entry_again(conn: Any) -> None:
    book = await three_plants(conn)
    night = stop("s", "2026-03-02T22:30:00+01:00", "2026-03-03T07:10:00+01:00", plant="gavle")
    await post_events(conn, book, [defect("g", AT, 5, plant="gavle"), night])
    before = await report(conn, book, ReportQuery(by=(), grain="month"), NOW)
    assert await convert_late(conn) == 0
    await publish(conn, ("SEK", MONDAY, SEK))
    assert await convert_late(conn, at_once=3) == 11
    assert await stored(conn, "g") == [(1, None, None), (2, 1, None), (3, None, SEK)]
    assert await convert_late(conn) == 0
    [(money, _, lacking)] = await copq(conn, book)
    assert (money, lacking) == ((50 + 520 * 2) * SEK, 0)
    assert await report(conn, book, ReportQuery(by=(), grain="month"), NOW) == before
    reasons = await conn.fetch("select distinct reason from copq.ledger where entry_no > 1")
    assert REASON in {row["reason"] for row in reasons}
    assert await verify(conn) == []


async def test_a_correction_takes_back_at_the_stored_rate_whatever_the_rate_is_now(
    conn: Any,
) -> None:
    book = await three_plants(conn)
    await publish(conn, ("SEK", MONDAY, "0.5"))
    await post_events(conn, book, [defect("a", AT, 5, plant="gavle")])
    await publish(conn, ("SEK", MONDAY, "0.6"), why="the bank corrected it")
    await post_events(conn, book, [defect("b", AT, 5, plant="gavle"), correction("c", "a")])
    half = Decimal("0.5")
    assert await stored(conn, "a") == [(1, None, half), (2, 1, half)]
    assert await copq(conn, book) == [(30, 0, 0)]
    await post_events(conn, book, [correction("c2", "c")])
    assert (await stored(conn, "a"))[-1] == (3, None, Decimal("0.6"))
    assert await verify(conn) == []


async def test_what_had_no_rate_is_taken_back_without_one(conn: Any) -> None:
    book = await three_plants(conn)
    await post_events(conn, book, [defect("a", AT, 5, plant="gavle"), defect("n", AT, 1)])
    await publish(conn, ("SEK", MONDAY, "0.6"))
    await post_events(conn, book, [correction("c", "a")])
    assert await stored(conn, "a") == [(1, None, None), (2, 1, None)]
    assert await copq(conn, book) == [(10, 0, 0)]
    assert await convert_late(conn) == 0
    assert await verify(conn) == []


async def test_a_rate_differs_only_with_a_reason(conn: Any) -> None:
    await three_plants(conn)
    await publish(conn, ("SEK", MONDAY, "0.5"))
    with pytest.raises(ExchangeFileError, match=r"SEK on 2026-03-02 is 0.5 already.*--why"):
        await publish(conn, ("SEK", MONDAY, "0.6"), ("SEK", TUESDAY, "0.6"))
    assert await conn.fetchval("select count(*) from copq.exchange_rate") == 1


async def test_the_reporting_currency_is_set_once(conn: Any) -> None:
    await set_reporting(conn, "USD", 7, FINANCE, "")
    book = await three_plants(conn)
    await post_events(conn, book, [defect("n", AT, 3)])
    with pytest.raises(CurrencyFixed):
        await set_reporting(conn, "USD", 7, FINANCE, "")
    await set_reporting(conn, "EUR", 3, FINANCE, "")


TAMPERINGS = [
    "update copq.rollup set reporting_net = reporting_net + 0.01 where grain = 'day'",
    "update copq.rollup set unconverted = 1 where grain = 'month'",
    "update copq.ledger set exchange_rate = 0.6 where event_id = 'g'",
    "update copq.ledger set exchange_rate = 0.6 where event_id = 'v' and reverses is null",
    "with s as (update copq.ledger set exchange_rate = 0.6 where event_id = 'g') update copq.rollup"
    " set reporting_net = 0.6 * net, reporting_gross = 0.6 * gross, "
    "reporting_recovered = 0.6 * recovered where currency = 'SEK'",
    "update copq.ledger set exchange_rate = 2 where event_id = 'n'",
]


@pytest.mark.parametrize("sql", TAMPERINGS)
async def test_a_rate_that_was_tampered_with_is_found(conn: Any, sql: str) -> None:
    book = await three_plants(conn)
    await publish(conn, ("SEK", MONDAY, "0.5"))
    events = [
        defect("n", AT, 3), defect("g", AT, 5, plant="gavle"), defect("v", AT, 5, plant="gavle"),
        correction("c", "v"),
    ]  # fmt: skip
    await post_events(conn, book, events)
    assert await verify(conn) == []
    async with tampering(conn):
        await conn.execute(sql)
    assert await verify(conn) != []


async def test_the_ledger_takes_no_rate_of_nought_or_without_its_currency(conn: Any) -> None:
    book = await three_plants(conn)
    await post_events(conn, book, [defect("n", AT, 3)])
    for sql in ("exchange_rate = 0", "reporting_currency = null"):
        with pytest.raises(asyncpg.CheckViolationError):
            async with tampering(conn):
                await conn.execute(f"update copq.ledger set {sql}")
