"""A report page by page, in memory that does not grow."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from asyncpg import Connection

from copq.figures.report import ReportQuery, accrued_cells, accrued_for, booked_cells, shown_in_zone
from copq.ledger.figures import KINDS_OF_COST, Cell, ReportRow, Scope, fold
from copq.posting.open_stops import Accrued
from copq.rates.book import RateBook

_At = Annotated[str, msgspec.Meta(max_length=40)]
_Names = Annotated[list[Annotated[str, msgspec.Meta(max_length=64)]], msgspec.Meta(max_length=4)]
_decode = msgspec.json.Decoder(
    tuple[_At, _Names, Annotated[int, msgspec.Meta(ge=0, le=100_000)]]
).decode

Key = tuple[Any, tuple[str, ...]]
"""A bucket, with the plant, line, product and group that have a row or a row for each element."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place after a row: the number of rows given for its key."""

    key: Key
    given: int

    def encode(self) -> str:
        """The cursor of this place, opaque to its holder."""
        fields = [self.key[0].isoformat(), self.key[1], self.given]
        return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()

    @classmethod
    def read(cls, cursor: str, query: ReportQuery) -> "Place":
        """The place of a cursor. Raises `ValueError` unless the cursor is of such a report."""
        try:
            at, names, rows_given = _decode(base64.urlsafe_b64decode(cursor))
            hourly = query.grain == "hour"
            bucket = datetime.fromisoformat(at) if hourly else date.fromisoformat(at)
            if len(names) != len(dims_of(query)) or (hourly and bucket.tzinfo is None):  # type: ignore[attr-defined]
                raise ValueError
        except ValueError:  # of base64, of JSON or of its values
            raise ValueError("cursor: copy it unchanged from `next` of the previous page") from None
        return cls((bucket, tuple(names)), rows_given)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a report in the order of time and names, and the next place if more rows follow.

    `rows_total` is the number of all rows, None if they were not counted. `totals` has the sum of
    all rows for each currency.
    """

    rows: list[ReportRow]
    rows_total: int | None
    totals: list[ReportRow]
    next: Place | None


async def report_part(
    conn: Connection, book: RateBook, query: ReportQuery, now: datetime, most: int,
    after: Place | None = None, count: bool = True,
) -> Part:  # fmt: skip
    """At most `most` rows after a place. Memory does not grow with their number. One snapshot.

    Without `count`, it reads no more rows than needed.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        accrued = await accrued_for(conn, book, query, now)
        rows: list[ReportRow] = []
        number, last = 0, after
        async for place, row in report_rows(conn, book, query, now, after, accrued):
            number += 1
            if number <= most:
                rows.append(row)
                last = place
            elif not count:
                break
        more = number > most
        known = after is None and (count or not more)
        totals = await report_totals(conn, book, query, now, accrued)
        return Part(rows, number if known else None, totals, last if more else None)


async def report_rows(
    conn: Connection, book: RateBook, query: ReportQuery, now: datetime,
    after: Place | None = None, accrued: Sequence[Accrued] | None = None,
) -> AsyncIterator[tuple[Place, ReportRow]]:  # fmt: skip
    """All rows after a place, read from Postgres on demand, each with its own place."""
    rest = query if after is None else replace(query, start=after.key[0])
    more = await accrued_cells(conn, book, rest, now, accrued)
    dims = dims_of(query)
    async for key, cells in grouped(booked_cells(conn, rest, dims), more, dims):
        if after is not None and key < after.key:
            continue
        rows_given = after.given if after is not None and key == after.key else 0
        for number, row in enumerate(fold(cells, query), 1):
            if number > rows_given:
                yield Place(key, number), shown_in_zone(row, book, query)


async def report_totals(
    conn: Connection, book: RateBook, query: ReportQuery, now: datetime,
    accrued: Sequence[Accrued] | None = None,
) -> list[ReportRow]:  # fmt: skip
    """The sum of all rows of a report, for each currency."""
    whole = replace(query, by=())
    cells = [cell async for cell in booked_cells(conn, whole, ())]
    cells += await accrued_cells(conn, book, whole, now, accrued)
    return fold([replace(cell, bucket=None) for cell in cells], whole)


def dims_of(scope: Scope) -> tuple[str, ...]:
    """The dimensions that also split production: the rows of one combination have one base."""
    return tuple(name for name in scope.by if name not in KINDS_OF_COST)


def key_of(cell: Cell, dims: Sequence[str]) -> Key:
    return cell.bucket, tuple(getattr(cell, name) or "" for name in dims)


async def grouped(
    booked: AsyncIterator[Cell], more: Iterable[Cell], dims: Sequence[str]
) -> AsyncIterator[tuple[Key, list[Cell]]]:
    """Sorted cells, merged with other cells, grouped by their keys."""

    def key(cell: Cell) -> Key:
        return key_of(cell, dims)

    group: list[Cell] = []
    async for cell in merged(booked, _each(sorted(more, key=key)), key):
        if group and key(cell) != key(group[0]):
            yield key(group[0]), group
            group = []
        group.append(cell)
    if group:
        yield key(group[0]), group


async def _each(cells: Iterable[Cell]) -> AsyncIterator[Cell]:
    for cell in cells:
        yield cell


async def merged(
    one: AsyncIterator[Cell], two: AsyncIterator[Cell], key: Callable[[Cell], Key]
) -> AsyncIterator[Cell]:
    """The cells of two sorted iterators in one order."""
    first, second = await anext(one, None), await anext(two, None)
    while first is not None or second is not None:
        if second is None or (first is not None and key(first) <= key(second)):
            assert first is not None
            yield first
            first = await anext(one, None)
        else:
            yield second
            second = await anext(two, None)
