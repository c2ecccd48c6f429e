"""The question for the months of plants, and its answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Connection

from copq.figures.answers import held_json
from copq.figures.edges import month_of
from copq.figures.requests import FigureRequest
from copq.figures.unpriced import WaitingCounts, count_waiting
from copq.ledger.figures import Scope
from copq.periods.answers import summary_json
from copq.periods.store import PeriodSummary, periods
from copq.rates.book import RateBook

_COLUMNS = (
    "plant", "month", "state", "closings", "first_closed_at", "booked_in", "currency",
    "first_reported", "restated", "provisional", "difference", "booked", "late", "signed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PeriodsAnswer:
    """The months with entries, the newest first, as of `at`."""

    at: datetime
    rows: list[PeriodSummary]
    waiting: WaitingCounts

    @property
    def columns(self) -> tuple[str, ...]:
        return _COLUMNS

    def table(self) -> list[dict[str, Any]]:
        """The rows of `columns`."""
        return [summary_json(one) for one in self.rows]

    def as_json(self) -> dict[str, Any]:
        return {"at": self.at, "rows": self.table(), **held_json(self.waiting)}


async def answer_periods(
    conn: Connection, book: RateBook, plant: str | None, month: str, now: datetime
) -> PeriodsAnswer:
    """The months of a plant, or one month if it is named.

    Raises `ValueError` on an unknown plant or an impossible month. One snapshot.
    """
    request = FigureRequest(plant=plant)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        await request.check_names(conn, book)
        found = await periods(conn, book, now, request.plant, month_of(month))
        waiting = await count_waiting(conn, Scope(request.plant), now)
    return PeriodsAnswer(now, found, waiting)
