"""The approved projects of a plant: when each runs, and with which others it can share losses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from asyncpg import Connection

from copq.figures.project_cells import Others
from copq.improvement.projects.running import Span, running_spans
from copq.improvement.projects.scope import share_losses
from copq.ledger.calendar import Calendar
from copq.projects.store import Freeze, Project, projects
from copq.rates.book import RateBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A project that approval has frozen. It runs in its `spans`: from the start of its plan to the
    day on which it lapsed or was cancelled, and again from the day on which it was reopened."""

    project: Project
    freeze: Freeze
    spans: tuple[Span, ...]
    others: Others
    """The scopes of the plant's other approved projects that can hold the same losses: those in
    another currency count none of them."""

    @property
    def id(self) -> int:
        return self.project.id

    @property
    def ends(self) -> date:
        """The last day on which it runs; without an end `date.max`, and `date.min` if it never
        did."""
        return self.spans[-1].last if self.spans else date.min

    def runs_on(self, day: date) -> bool:
        return any(day in span for span in self.spans)

    def spans_of(self, first: date, last: date) -> list[Span]:
        """The spans in which it runs from the first to the last day."""
        inside = (span.within(first, last) for span in self.spans)
        return [span for span in inside if span is not None]


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
        and other.plan.currency == one.plan.currency
        and share_losses(one.plan.scope, other.plan.scope)
    }  # fmt: skip
    return Watched(project=one, freeze=one.freeze, spans=_spans(one, calendar), others=others)


def _spans(one: Project, calendar: Calendar) -> tuple[Span, ...]:
    steps = ((step.state, calendar.bucket(step.at).day) for step in one.steps)
    return running_spans(one.plan.starts, steps)


def sharing(one: Watched, found: Iterable[Watched]) -> list[Watched]:
    """The project, and those with which it can share losses."""
    return [other for other in found if other.id == one.id or other.id in one.others]


def running_on(days: Iterable[date], found: Sequence[Watched]) -> Mapping[date, set[int]]:
    """The projects that run on each day."""
    return {day: {one.id for one in found if one.runs_on(day)} for day in days}


def today(book: RateBook, plant: str, now: datetime) -> date:
    """The production day of a plant."""
    return book.sites[plant].calendar.bucket(now).day
