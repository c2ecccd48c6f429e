"""Sizing a project: its baseline is measured and its promise counted, before finance is asked."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from asyncpg import Connection

from copq.groups.store import groupings, groups_of_days, groups_of_grouping, member_history
from copq.improvement.projects.plan import BenefitType, Plan, promised
from copq.improvement.projects.states import Step
from copq.projects.baseline import Baseline, RateVersion
from copq.projects.order import Order
from copq.projects.scope_check import Reach, reach_of, require_measurable, require_past
from copq.projects.steps import take
from copq.projects.store import Project, ProjectError, project
from copq.rates.book import RateBook
from copq.rates.names import name_list
from copq.schemas.refusal import nearest

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Measured:
    """A baseline, and the rates that priced it."""

    baseline: Baseline
    rates: Sequence[RateVersion]


Measure = Callable[[Connection, Plan, RateBook, datetime], Awaitable[Measured]]
"""Measures the baseline of a plan with the rates of a book that are in force at an instant. It
reads the snapshot of the caller's transaction."""


@dataclass(frozen=True, slots=True)
class Sized:
    """A plan that can be frozen: group as products, baseline measured, and notes for a person."""

    plan: Plan
    rates_at: datetime
    measured: Measured
    reach: Reach

    @property
    def notes(self) -> list[str]:
        left = self.measured.baseline.left_as_booked
        more = [f"{left:,} events have no cost at the frozen rates and count as booked."]
        return [*self.reach.notes(self.plan), *(more if left else [])]

    @property
    def promise(self) -> dict[BenefitType, Decimal]:
        """The promise by type, over all of its months."""
        found: dict[BenefitType, Decimal] = defaultdict(Decimal)
        for (_, kind), amount in promised(self.plan.benefits).items():
            found[kind] += amount
        return dict(found)


async def measure_plan(
    conn: Connection, plan: Plan, book: RateBook, measure: Measure, now: datetime
) -> Sized:
    """Measure a plan in the caller's snapshot.

    Raises `ProjectError` where it cannot be measured, or promises nothing.
    """
    calendar = book.sites[plan.plant].calendar
    require_past(plan, calendar, now)
    if not plan.benefits:
        raise ProjectError(
            "it promises nothing: give its benefits in its file, and import it again"
        )
    plan = await with_group_products(conn, plan)
    reach = await reach_of(conn, plan)
    rates_at = calendar.start_of(plan.baseline_last + timedelta(days=1)) - _TICK
    measured = await measure(conn, plan, book, rates_at)
    require_measurable(plan, measured.baseline)
    return Sized(plan, rates_at, measured, reach)


async def size(
    conn: Connection, plant: str, name: str, book: RateBook, measure: Measure, order: Order,
    now: datetime,
) -> tuple[Project, Sized]:  # fmt: skip
    """Measure a project and take the step, so that finance can decide. Raises `ProjectError`."""
    found = await project(conn, plant, name)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        sized = await measure_plan(conn, found.plan, book, measure, now)
    return await take(conn, plant, name, Step.SIZE, order), sized


async def with_group_products(conn: Connection, plan: Plan) -> Plan:
    """The plan with the products that its group has on the day of the start.

    Raises `ProjectError` if the group has none.
    """
    if not plan.group:
        return plan
    members = await member_history(conn, plan.plant, plan.grouping)
    products = sorted({one.product for one in members})
    in_groups = await _groups(conn, plan, products, plan.starts)
    own = {p for p, group in zip(products, in_groups, strict=True) if group == plan.group}
    if not own:
        raise ProjectError(await _no_products(conn, plan))
    return replace(plan, scope={**plan.scope, "product": frozenset(own)})


async def _groups(conn: Connection, plan: Plan, products: list[str], day: date) -> list[str]:
    places: list[tuple[str, str | None, date]] = [(plan.plant, one, day) for one in products]
    return await groups_of_days(conn, plan.grouping, places)


async def _no_products(conn: Connection, plan: Plan) -> str:
    known = await groupings(conn, plan.plant)
    if plan.grouping not in known:
        return (
            f'{plan.plant} has no grouping "{plan.grouping}"; its groupings: {name_list(known)}'
            f"{nearest(plan.grouping, known)}"
        )
    groups = await groups_of_grouping(conn, plan.grouping, plan.plant)
    return (
        f'no product is in the group "{plan.group}" of {plan.grouping} on {plan.starts}; the '
        f"groups: {name_list(groups[:-1])}{nearest(plan.group, groups[:-1])}"
    )
