"""The question for key figures, and its answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Connection

from copq.figures.edges import dimensions
from copq.figures.kpi_report import (
    COLUMNS,
    Edge,
    KpiQuery,
    KpiRow,
    edges,
    key_figures,
    row_json,
    total,
)
from copq.figures.report import zone_of
from copq.figures.requests import GroupedRequest
from copq.rates.book import RateBook


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiRequest(GroupedRequest):
    """Asks for the production days or instants [start, end); by default for the day so far."""

    by: str = "plant,line"
    start: str = ""
    end: str = ""

    async def query(self, conn: Connection, book: RateBook) -> KpiQuery:
        """The query of the request. Raises `ValueError` on an unknown name or an impossible
        time."""
        await self.check_names(conn, book)
        span = edges(self.start, self.end, zone_of(book, self.plant))
        by = dimensions(self.by)
        return KpiQuery(
            self.plant,
            self.line,
            self.product,
            *span,
            by,
            group=self.group,
            grouping=await self.chosen_grouping(conn, by),
        )


@dataclass(frozen=True, slots=True)
class KpiAnswer:
    """The first rows, the number of all rows, and the key figures of all rows together."""

    at: datetime
    start: Edge
    end: Edge
    rows: list[KpiRow]
    rows_total: int
    total: KpiRow | None

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at, "from": self.start, "to": self.end,
            "rows": [row_json(row) for row in self.rows], "rows_total": self.rows_total,
            "total": self.total and row_json(self.total),
        }  # fmt: skip

    @property
    def columns(self) -> tuple[str, ...]:
        return COLUMNS

    def table(self) -> list[dict[str, Any]]:
        """The rows of `columns`, with all reasons in one cell."""
        return [_with_reasons(row_json(row)) for row in self.rows]


def _with_reasons(row: dict[str, Any]) -> dict[str, Any]:
    reasons = "; ".join(f"{name}: {reason}" for name, reason in row["reasons"].items())
    return {**row, "reasons": reasons}


async def answer_kpis(
    conn: Connection, book: RateBook, request: KpiRequest, now: datetime, most: int | None
) -> KpiAnswer:
    """At most `most` rows in the order of names; None means all of them.

    Raises `ValueError` on an impossible request. One snapshot.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        query = await request.query(conn, book)
        rows = await key_figures(conn, book, query, now)
        whole = await total(conn, book, query, now)
        return KpiAnswer(now, query.start, query.end, rows[:most], len(rows), whole)
