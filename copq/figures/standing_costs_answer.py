"""Standing costs as they are asked for, and their answer: commands, API and CSV render the same."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from asyncpg import Connection

from copq.figures.requests import FigureRequest, check_choice, spell
from copq.figures.versions_answer import VersionsAnswer
from copq.rates.book import RateBook
from copq.standing_costs.store import StandingCost, standing_costs

_COLUMNS = (
    "plant", "line", "name", "category", "element", "amount", "currency", "first_day", "last_day",
    "note", "number", "version", "state", "posted_until", "set_at", "set_by", "source", "why",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCostsRequest(FigureRequest):
    """Of a plant, line and name; `history` adds the versions that were restated."""

    name: str | None = None
    history: bool = False

    def __post_init__(self) -> None:
        FigureRequest.__post_init__(self)
        spell(self, "name")


@dataclass(frozen=True, slots=True)
class StandingCostRow:
    """A version, and what becomes of it on the production day on which it is asked for.

    `state` is `restated` (another version counts), `removed`, `planned`, `in force` or `ended`.
    """

    cost: StandingCost
    state: str

    def as_json(self) -> dict[str, Any]:
        own = {name: getattr(self.cost, name) for name in _COLUMNS if name != "state"}
        return {**own, "line": self.cost.line or None, "state": self.state}


StandingCostsAnswer = VersionsAnswer[StandingCostRow]


async def answer_standing_costs(
    conn: Connection, book: RateBook, request: StandingCostsRequest, now: datetime,
    most: int | None,
) -> StandingCostsAnswer:  # fmt: skip
    """At most `most` rows; None: all of them.

    Raises `ValueError` on a plant, line or name that is not possible. One snapshot.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        found = await standing_costs(conn, request.plant, request.line)
        if not found:
            await request.check_names(conn, book)
    if request.name is not None:
        check_choice(request.name, tuple(sorted({cost.name for cost in found})))
        found = [cost for cost in found if cost.name == request.name]
    shown = [cost for cost in found if request.history or cost.is_newest]
    rows = [StandingCostRow(cost, _state(cost, book, now)) for cost in shown[:most]]
    return VersionsAnswer(now, rows, len(shown), _COLUMNS, StandingCostRow.as_json)


def _state(cost: StandingCost, book: RateBook, now: datetime) -> str:
    if not cost.is_newest:
        return "restated"
    if cost.amount is None:
        return "removed"
    today = _today(cost.plant, book, now)
    if today < cost.first_day:
        return "planned"
    return "in force" if cost.is_due(today) else "ended"


def _today(plant: str, book: RateBook, now: datetime) -> date:
    site = book.sites.get(plant)
    return site.calendar.bucket(now).day if site else now.date()
