"""What improvement projects promised, saved and had validated so far, and whether it lasts."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from asyncpg import Connection

from copq.figures.portfolio import PortfolioRequest
from copq.figures.portfolio_reading import ProjectFacts, Window, read_facts
from copq.improvement.projects.states import State
from copq.ledger.arithmetic import MONEY
from copq.ledger.figures import OTHER
from copq.projects.store import projects
from copq.rates.book import RateBook
from copq.reporting.exporter import figures as f
from copq.reporting.exporter.figures import Figure
from copq.reporting.exporter.samples import Sample

MOST_PROJECTS = 500
"""The number of projects with samples of their own; the others of a plant are together."""

LIVE = (State.APPROVED, State.RUNNING, State.REALISED, State.SIGNED, State.SUSTAINED)
"""States in which it matters whether the saving lasts."""


@dataclass(frozen=True, slots=True)
class ProjectFigures:
    """The projects with samples of their own, the largest promise first, and the others."""

    own: Sequence[ProjectFacts]
    others: Sequence[ProjectFacts]


async def read_projects(conn: Connection, book: RateBook, now: datetime) -> ProjectFigures:
    """The months of all projects that are over in their plants. Call it in one snapshot."""
    query = await PortfolioRequest().query(conn, book, ())
    known = await projects(conn)
    windows = [Window(one, None, query.end_in(one.plant, book, now)) for one in known]
    facts = sorted(await read_facts(conn, book, windows), key=_largest_first)
    return ProjectFigures(facts[:MOST_PROJECTS], facts[MOST_PROJECTS:])


def _largest_first(one: ProjectFacts) -> tuple[bool, Decimal, str, str]:
    with localcontext(MONEY):
        size = sum((abs(kind.sums.promised) for kind in one.types.values()), Decimal(0))
    return one.project.state not in LIVE, -size, one.project.plant, one.project.name


def project_samples(found: ProjectFigures) -> Iterator[Sample]:
    """Money of each project by benefit type, and of the others of each plant together."""
    totals: dict[tuple[Figure, tuple[str, ...]], Decimal] = defaultdict(Decimal)
    with localcontext(MONEY):
        for name, facts in _named(found):
            for figure, labels, amount in _money(name, facts):
                totals[figure, labels] += amount
    yield from (
        Sample(figure, labels, float(amount)) for (figure, labels), amount in totals.items()
    )
    for one in found.own:
        yield from _life(one)


def _named(found: ProjectFigures) -> Iterator[tuple[str, ProjectFacts]]:
    yield from ((one.project.name, one) for one in found.own)
    yield from ((OTHER, one) for one in found.others)


def _money(name: str, one: ProjectFacts) -> Iterator[tuple[Figure, tuple[str, ...], Decimal]]:
    plant, currency = one.project.plant, one.project.plan.currency
    for kind, facts in one.types.items():
        labels = (plant, name, str(kind), currency)
        yield f.PROJECT_PROMISED, labels, facts.sums.promised
        yield f.PROJECT_CLAIMED, labels, facts.sums.claimed
        yield f.PROJECT_VALIDATED, labels, facts.sums.validated
    if one.bridges.months:
        yield f.PROJECT_REALISED, (plant, name, currency), one.bridges.measured.net
    if one.invested:
        yield f.PROJECT_INVESTED, (plant, name, currency), sum(one.invested.values(), Decimal(0))


def _life(one: ProjectFacts) -> Iterator[Sample]:
    """State, verdict and what waits for finance; a project without a verdict has no status."""
    project = one.project
    of = (project.plant, project.name, project.owner)
    yield Sample(f.PROJECT_STATE, (*of, str(project.state)), 1)
    if one.verdict is not None and project.state in LIVE:
        yield Sample(f.PROJECT_STATUS, (*of, one.verdict.status), 1)
    if one.waits_since is not None:
        yield Sample(f.PROJECT_WAITS, of, one.waits_since.timestamp())
