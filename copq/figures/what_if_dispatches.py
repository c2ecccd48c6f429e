"""Dispatches of recoverable rejects: a day without any rejects has none."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.what_if_books import ChangedBook, ChangedBooks, Comparison
from copq.figures.what_if_entries import ChangedEntry, Differences, changed_entry
from copq.improvement.what_if.changed_events import Left
from copq.ledger.arithmetic import MONEY, ZERO
from copq.posting.shared_entries import days_recovered
from copq.pricing.price import Dispatch, dispatch_cost
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)


async def compare_dispatches(
    conn: Connection, books: ChangedBooks, query: Comparison, found: Differences
) -> None:
    """Add the dispatches that would differ. Call it after `compare_events`."""
    booked = {
        _day_of(row): row for row in await conn.fetch(*_SQL.what_if_dispatches(**query.days()))
    }
    rated = {day for day in booked if query.rates.of_product(day.product)}
    days = sorted(found.recovered.keys() | rated)
    for day, recovered in (await days_recovered(conn, days)).items():
        await _compare(books, day, booked.get(day), recovered, query, found)


async def _compare(
    books: ChangedBooks, day: Dispatch, booked: Record | None, recovered: Decimal,
    query: Comparison, found: Differences,
) -> None:  # fmt: skip
    book: ChangedBook | None = books.newest
    with localcontext(MONEY):
        if not _is_booked(booked, _cost(day, books.newest.before, recovered)):
            book = await books.as_booked(booked["rate_version"]) if booked else None
        if book is None or not _is_booked(booked, _cost(day, book.before, recovered)):
            found.leave(_naming(query, day), Left.NOT_AS_BOOKED, day.day)
            return
        left = recovered + found.recovered.get(day, ZERO)
        found.add(_differing(day, booked, _cost(day, book.after, left)))


def _cost(day: Dispatch, book: RateBook, recovered: Decimal) -> Any:
    return dispatch_cost(day, book) if recovered > 0 else None


def price_dispatches(book: RateBook, rows: Iterable[Record], found: Differences) -> None:
    """Add those of the booked dispatches that differ by a book whose rates never change.

    Call it after `compare_events`, which must have seen all rejects of the days.
    """
    booked = {_day_of(row): row for row in rows}
    with localcontext(MONEY):
        for day in sorted(found.recovered.keys() | booked.keys()):
            if book.cost_table(day.plant, day.product, _ANY) is None:
                found.leave([], Left.NO_PRICE, day.day)
                continue
            left = found.recovered_before[day] + found.recovered[day]
            found.add(_differing(day, booked.get(day), _cost(day, book, left)))


_ANY = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
"""Rates that never change are the same at every instant."""


def _day_of(row: Record) -> Dispatch:
    return Dispatch(row["plant"], row["line"], row["product"], row["day"])


def _is_booked(booked: Record | None, cost: Any) -> bool:
    if booked is None or cost is None:
        return booked is None and cost is None
    return bool((booked["net"], booked["currency"]) == (cost.net, cost.currency))


def _differing(day: Dispatch, booked: Record | None, cost: Any) -> list[ChangedEntry]:
    if booked is not None:
        return [changed_entry(booked, cost.net if cost else ZERO, ZERO)]
    return [] if cost is None else [_new_entry(day, cost)]


_NO_NAMES = ("stage", "work_unit", "defect_code", "shift", "supplier")


def _new_entry(day: Dispatch, cost: Any) -> ChangedEntry:
    names: dict[str, Any] = day._asdict() | dict.fromkeys(_NO_NAMES)
    return ChangedEntry(
        event_id=day.id, entry_no=None, occurred_at=cost.at, **names,
        element=cost.element, category=cost.category, currency=cost.currency, booked=ZERO,
        changed=cost.net,
    )  # fmt: skip


def _naming(query: Comparison, day: Dispatch) -> list[int]:
    """The changes that may concern rejects of the day."""
    place = day._asdict()
    events = [
        number
        for number, change in query.of_events.items()
        if all(place.get(name, value) == value for name, value in change.names.items())
    ]
    return events + query.rates.of_product(day.product)
