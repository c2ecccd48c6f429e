"""Bases as they are asked for, and their answer: commands, API and CSV render the same."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from asyncpg import Connection

from copq.bases.store import BaseVersion, base_history, base_names
from copq.figures.edges import month_of
from copq.figures.requests import FigureRequest, check_choice, spell
from copq.figures.versions_answer import VersionsAnswer
from copq.rates.book import RateBook

_COLUMNS = (
    "plant", "month", "base", "grouping", "group", "amount", "currency", "version", "in_force",
    "set_at", "set_by", "source", "why",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BasesRequest(FigureRequest):
    """Of a plant, month and name; `history` adds the versions that were restated."""

    month: str = ""
    base: str | None = None
    history: bool = False

    def __post_init__(self) -> None:
        FigureRequest.__post_init__(self)
        spell(self, "base")


BasesAnswer = VersionsAnswer[BaseVersion]


def _row_json(row: BaseVersion) -> dict[str, Any]:
    fields = asdict(row)
    in_force = fields.pop("is_newest") and row.amount is not None
    return {**fields, "month": f"{row.month:%Y-%m}", "in_force": in_force}


async def answer_bases(
    conn: Connection, book: RateBook, request: BasesRequest, now: datetime, most: int | None
) -> BasesAnswer:
    """At most `most` rows; None: all of them.

    Raises `ValueError` on a plant, month or base that is not possible. One snapshot.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        await request.check_names(conn, book)
        month = month_of(request.month)
        if request.base is not None:
            check_choice(request.base, tuple(await base_names(conn)))
        found = await base_history(conn, request.plant, month, request.base)
    rows = [row for row in found if request.history or row.is_newest]
    return VersionsAnswer(now, rows[:most], len(rows), _COLUMNS, _row_json)
