"""The approved projects of a plant: when each runs, and with which others it can share losses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from asyncpg import Connection

from copq.figures.project_cells import Others
from copq.improvement.projects.scope import share_losses
from copq.improvement.projects.states import State
from copq.ledger.calendar import Calendar
from copq.projects.store import Freeze, Project, projects
from copq.rates.book import RateBook

ENDED = (State.LAPSED, State.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A project that approval has frozen. It runs from the start of its plan to `ends`, the day on
    which it lapsed or was cancelled; both are in it."""

    project: Project
    freeze: Freeze
    ends: date
    others: Others
    """The scopes of the plant's other approved projects that can hold the same losses."""

    @property
    def id(self) -> int:
        return self.project.id

    def runs_on(self, day: date) -> bool:
        return self.project.plan.starts <= day <= self.ends


async def watched_projects(
    conn: Connection, book: RateBook, plant: str | None = None
) -> list[Watched]:
    """The approved projects of a plant (None: of all), by plant and name. A plant that the rate
    book does not know has none."""
    found = [p for p in await projects(conn, plant) if p.freeze and p.plant in book.sites]
    return [_watched(one, found, book.sites[one.plant].calendar) for one in found]


def _watched(one: Project, found: Sequence[Project], calendar: Calendar) -> Watched:
    assert one.freeze is not None
    others = {
        other.id: other.plan.scope
        for other in found
        if other.id != one.id and other.plant == one.plant
        and share_losses(one.plan.scope, other.plan.scope)
    }  # fmt: skip
    return Watched(project=one, freeze=one.freeze, ends=_end(one, calendar), others=others)


def _end(one: Project, calendar: Calendar) -> date:
    last = one.steps[-1]
    return calendar.bucket(last.at).day if last.state in ENDED else date.max


def sharing(one: Watched, found: Iterable[Watched]) -> list[Watched]:
    """The project, and those with which it can share losses."""
    return [other for other in found if other.id == one.id or other.id in one.others]


def running_on(days: Iterable[date], found: Sequence[Watched]) -> Mapping[date, set[int]]:
    """The projects that run on each day."""
    return {day: {one.id for one in found if one.runs_on(day)} for day in days}


def today(book: RateBook, plant: str, now: datetime) -> date:
    """The production day of a plant."""
    return book.sites[plant].calendar.bucket(now).day
