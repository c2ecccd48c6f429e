"""The baseline of a plan, measured: its cells at frozen rates, and the versions of these rates."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import localcontext

from asyncpg import Connection

from copq.figures.books import Books
from copq.figures.project_cells import Figures, PlanDay, read_days
from copq.improvement.projects.plan import Plan
from copq.ledger.arithmetic import MONEY
from copq.projects.baseline import Baseline, BaselineCell, RateVersion
from copq.projects.evidence import rate_text
from copq.projects.sizing import Measured
from copq.rates.book import RateBook
from copq.rates.frozen import frozen_book

_DAY = timedelta(days=1)


async def measure_baseline(
    conn: Connection, plan: Plan, book: RateBook, rates_at: datetime
) -> Measured:
    """The baseline at the rates of `book` in force at `rates_at`; see `copq.projects.sizing`."""
    return await measure_again(conn, Books(), book, plan, book, rates_at)


async def measure_again(
    conn: Connection, books: Books, newest: RateBook, plan: Plan, book: RateBook,
    rates_at: datetime, booked_until: datetime | None = None, project: int | None = None,
) -> Measured:  # fmt: skip
    """As `measure_baseline`, as the ledger was then; `newest` is the current rate book. See
    `FrozenQuery` for `project`."""
    frozen = frozen_book(book, rates_at)
    days = await read_days(
        conn,
        books,
        newest,
        plan,
        frozen,
        _days(plan),
        booked_until=booked_until,
        project=project,
    )
    return Measured(_baseline(plan, days), rate_versions(frozen, plan.plant))


def _days(plan: Plan) -> Iterable[date]:
    number = (plan.baseline_last - plan.baseline_first).days + 1
    return (plan.baseline_first + n * _DAY for n in range(number))


def _baseline(plan: Plan, days: Iterable[PlanDay]) -> Baseline:
    sums: dict[tuple[str, str], Figures] = defaultdict(Figures)
    left, currencies = 0, set()
    with localcontext(MONEY):
        for day in days:
            left += day.left_as_booked
            currencies |= day.other_currencies
            for (line, product, _), figures in day.cells.items():
                own = sums[line, product]
                own.booked += figures.booked
                own.at_frozen_rates += figures.at_frozen_rates
                own.exposure += figures.exposure
    cells = tuple(
        BaselineCell(line, product, own.booked, own.at_frozen_rates, own.exposure)
        for (line, product), own in sorted(sums.items())
    )
    return Baseline(plan.baseline_months, cells, left, frozenset(currencies))


def rate_versions(frozen: RateBook, plant: str) -> list[RateVersion]:
    """The rates of a plant in a frozen book, by kind and name."""
    found = [
        RateVersion(kind, name, one.version, _digest(rate_text(one.item)))
        for kind, name, one in frozen.named_items()
        if one.item.plant in (None, plant)
    ]
    return sorted(found, key=lambda one: (one.kind, one.name))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
