"""Trailing windows row by row, in memory that does not grow."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from asyncpg import Connection

from copq.figures.pages import Key, dims_of, grouped, key_of, merged
from copq.figures.trailing import (
    WINDOWS,
    Parts,
    Window,
    accrued_cells,
    accrued_in,
    calendars,
    edge_stops,
    parts_of,
    window_cells,
    window_figures,
)
from copq.ledger.figures import Cell, ReportRow, Scope, fold
from copq.posting.open_stops import Accrued
from copq.rates.book import RateBook

_PREFETCH = 2_000


@dataclass(frozen=True, slots=True)
class TrailingPart:
    """The most expensive rows of (start, end], the number of all rows, and their sum by currency.

    Rows are in the order of currency and cost, the most expensive first; they have no bucket.
    """

    window: Window
    start: datetime
    end: datetime
    rows: list[ReportRow]
    rows_total: int
    totals: list[ReportRow]


async def trailing_part(
    conn: Connection, book: RateBook, scope: Scope, now: datetime, most: int
) -> list[TrailingPart]:
    """At most `most` rows of each window; all rows are counted. One snapshot."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        accrued = await accrued_in(conn, book, scope, now, WINDOWS)
        return [await _part(conn, book, scope, now, w, accrued, most) for w in WINDOWS]


async def trailing_rows(
    conn: Connection, book: RateBook, scope: Scope, now: datetime
) -> AsyncIterator[tuple[Window, ReportRow]]:
    """All rows of all windows, in the order of names. Call it in a transaction of one snapshot."""
    accrued = await accrued_in(conn, book, scope, now, WINDOWS)
    for window in WINDOWS:
        async for row in _rows(conn, book, scope, now, window, accrued):
            yield window, row


async def _part(
    conn: Connection, book: RateBook, scope: Scope, now: datetime, window: Window,
    accrued: list[Accrued], most: int,
) -> TrailingPart:  # fmt: skip
    rows: list[ReportRow] = []
    number = 0
    async for row in _rows(conn, book, scope, now, window, accrued):
        number += 1
        rows.append(row)
        if len(rows) > 2 * most:
            rows = _ranked(rows)[:most]
    whole = await window_figures(conn, book, replace(scope, by=()), now, window, accrued)
    return TrailingPart(window, whole.start, now, _ranked(rows)[:most], number, whole.rows)


def _ranked(rows: list[ReportRow]) -> list[ReportRow]:
    return sorted(rows, key=lambda row: (row.currency, -row.copq, tuple(row.dims.values())))


async def _rows(
    conn: Connection, book: RateBook, scope: Scope, now: datetime, window: Window,
    accrued: list[Accrued],
) -> AsyncIterator[ReportRow]:  # fmt: skip
    start = now - window.length
    more = accrued_cells(accrued, start, now)
    booked: AsyncIterator[Cell] | None = None
    for calendar, plants in calendars(book, scope.plant):
        parts = parts_of(calendar, start, now)
        more += await edge_stops(conn, plants, parts, scope)
        cells = _cells(conn, plants, parts, scope)
        booked = cells if booked is None else merged(booked, cells, _key(scope))
    if booked is not None:
        async for _, group in grouped(booked, filter(scope.holds, more), dims_of(scope)):
            for row in fold(group, scope):
                yield row


def _key(scope: Scope) -> Callable[[Cell], Key]:
    dims = dims_of(scope)
    return lambda cell: key_of(cell, dims)


async def _cells(
    conn: Connection, plants: list[str], parts: Parts, scope: Scope
) -> AsyncIterator[Cell]:
    """The cells of the window without stops over its edges, in the order of the dimensions."""
    order = ", ".join([f'"{name}" collate "C" nulls first' for name in dims_of(scope)] or ["plant"])
    text, *values = window_cells(scope)(**parts.window(plants, scope))
    # The names of dimensions and the query are our own: no part comes from outside.
    sql = f"select * from ({text}) as cell order by {order}"  # noqa: S608
    async for record in conn.cursor(sql, *values, prefetch=_PREFETCH):
        yield Cell(bucket=None, **record)
