"""The question for trailing windows, and its answer."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from asyncpg import Connection

from copq.currencies.store import check_reporting
from copq.figures.answers import FIGURES, basis_of_share, held_json
from copq.figures.edges import dimensions
from copq.figures.missing_exchange_rates import MissingRates, missing_rates_json
from copq.figures.report import zone_of
from copq.figures.requests import GroupedRequest, check_element
from copq.figures.share_bases import ShareBase, share_base, share_row_json
from copq.figures.trailing import Window, trailing_lacks
from copq.figures.trailing_rows import TrailingPart, trailing_part, trailing_rows
from copq.figures.unpriced import WaitingCounts, count_waiting
from copq.ledger.figures import ReportRow, Scope
from copq.rates.book import RateBook
from copq.schemas.bases import PRODUCTION_BASE


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailingRequest(GroupedRequest):
    """Asks for trailing windows. `currency` is the reporting currency, if all money is
    converted."""

    element: str | None = None
    by: str = "plant,line"
    currency: str | None = None
    base: str = PRODUCTION_BASE

    def __post_init__(self) -> None:
        GroupedRequest.__post_init__(self)
        check_element(self.element)

    async def scope(self, conn: Connection, book: RateBook) -> Scope:
        """The scope of the request. Raises `ValueError` on an unknown name or an impossible
        currency."""
        await self.check_names(conn, book)
        if self.currency is not None:
            await check_reporting(conn, self.currency)
        dims = dimensions(self.by)
        return Scope(
            self.plant, self.line, self.product, self.element, dims, currency=self.currency,
            group=self.group, grouping=await self.chosen_grouping(conn, dims),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrailingAnswer:
    """The windows up to `at`; `lacks` is None if nothing is converted."""

    scope: Scope
    at: datetime
    zone: tzinfo
    windows: list[TrailingPart]
    lacks: list[MissingRates] | None
    waiting: WaitingCounts
    base: ShareBase

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at, "windows": [_window_json(part, self.base) for part in self.windows],
            **missing_rates_json(self.lacks), **held_json(self.waiting),
            "basis": basis_of_share(self.base.name),
        }  # fmt: skip


def _window_json(part: TrailingPart, base: ShareBase) -> dict[str, Any]:
    return {
        "window": part.window.name, "after": part.start, "to": part.end,
        "rows": [share_row_json(row, base) for row in part.rows], "rows_total": part.rows_total,
        "totals": [share_row_json(row, base) for row in part.totals],
    }  # fmt: skip


async def answer_trailing(
    conn: Connection, book: RateBook, request: TrailingRequest, now: datetime, most: int
) -> TrailingAnswer:
    """At most `most` rows of each window, the most expensive ones.

    Raises `ValueError` on an impossible request. One snapshot.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        scope = await request.scope(conn, book)
        lacks = await trailing_lacks(conn, scope, now)
        windows = await trailing_part(conn, book, scope, now, most)
        zone = zone_of(book, scope.plant)
        return TrailingAnswer(
            scope,
            now,
            zone,
            windows,
            lacks,
            await count_waiting(conn, scope, now),
            await share_base(conn, request.base, scope),
        )


def trailing_columns(scope: Scope) -> tuple[str, ...]:
    """The columns of all windows as one table."""
    return ("window", "after", "to", *scope.by, *FIGURES)


async def trailing_table(
    conn: Connection,
    book: RateBook,
    scope: Scope,
    now: datetime,
    most: int | None = None,
    base: str = PRODUCTION_BASE,
) -> AsyncIterator[dict[str, Any]]:
    """All rows of `trailing_columns` in the order of names, or the `most` expensive ones.

    Call it in a transaction of one snapshot.
    """
    on = await share_base(conn, base, scope)
    if most is None:
        async for window, row in trailing_rows(conn, book, scope, now):
            yield _in_window(window, now, row, on)
        return
    for part in await trailing_part(conn, book, scope, now, most):
        for row in part.rows:
            yield _in_window(part.window, now, row, on)


def _in_window(window: Window, now: datetime, row: ReportRow, base: ShareBase) -> dict[str, Any]:
    shown = share_row_json(row, base)
    return {**shown, "window": window.name, "after": now - window.length, "to": now}
