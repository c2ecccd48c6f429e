"""Whether the scope and the baseline of a plan can be measured: what is refused, what is noted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.improvement.projects.plan import SCOPE_FIELDS, Plan
from copq.ledger.calendar import Calendar
from copq.projects.baseline import Baseline, LedgerPart
from copq.projects.store import ProjectError
from copq.rates.names import name_list
from copq.schemas.refusal import nearest

_SQL = Queries.of(__file__)
_WORDS = {field: field.replace("_", " ") for field in SCOPE_FIELDS}


@dataclass(frozen=True, slots=True)
class Reach:
    """How many losses of the baseline the scope holds and the plant has, and names without any."""

    in_scope: int
    of_plant: int
    unknown: tuple[str, ...]

    def notes(self, plan: Plan) -> list[str]:
        """What a person should know before the plan is frozen."""
        if self.in_scope == self.of_plant:
            return [
                f"The scope holds everything that {plan.plant} lost in the baseline.",
                *self.unknown,
            ]
        return list(self.unknown)


def require_past(plan: Plan, calendar: Calendar, now: datetime) -> None:
    """Raise `ProjectError` unless the baseline is over."""
    end = calendar.start_of(plan.baseline_last + timedelta(days=1))
    if now < end:
        shown = end.astimezone(calendar.zone)
        raise ProjectError(
            f"the baseline lasts until {shown:%Y-%m-%d %H:%M %Z}: wait for its end, or choose an "
            "earlier one"
        )


async def reach_of(conn: Connection, plan: Plan) -> Reach:
    """What the scope reaches in the baseline. Raises `ProjectError` if that is nothing."""
    found = await conn.fetchrow(*_SQL.baseline_counts(**days(plan), **scope(plan)))
    unknown: tuple[str, ...] = ()
    if not found["in_scope"] or any(len(names) > 1 for names in plan.scope.values()):
        names = await conn.fetchrow(*_SQL.baseline_names(**days(plan)))
        unknown = tuple(_unknown(plan, names))
    if not found["of_plant"]:
        raise ProjectError(
            f"{plan.plant} lost nothing from {plan.baseline_first} to {plan.baseline_last}: choose "
            "a baseline with events"
        )
    if not found["in_scope"]:
        why = " ".join(unknown) or "No loss has all of its names at once."
        raise ProjectError(
            f"the scope holds none of the {found['of_plant']:,} losses of {plan.plant} from "
            f"{plan.baseline_first} to {plan.baseline_last}. {why}"
        )
    return Reach(found["in_scope"], found["of_plant"], unknown)


def _unknown(plan: Plan, names: Mapping[str, Any]) -> Iterator[str]:
    for field in SCOPE_FIELDS:
        known = sorted(filter(None, names[field] or ()))
        for name in sorted(plan.scope.get(field, frozenset()) - set(known) - {""}):
            yield (
                f'No loss of the baseline has the {_WORDS[field]} "{name}"; there are: '
                f"{name_list(known)}{nearest(name, known)}."
            )


def require_measurable(plan: Plan, baseline: Baseline) -> None:
    """Raise `ProjectError` if the baseline has nothing to compare with."""
    if baseline.other_currencies:
        raise ProjectError(
            f"the baseline has losses in {name_list(sorted(baseline.other_currencies))}, the "
            f"project's figures are in {plan.currency}: begin the baseline after the change"
        )
    if not baseline.has_production:
        raise ProjectError(
            f"nothing was made from {plan.baseline_first} to {plan.baseline_last} in the scope "
            f"(counted in {plan.exposure.replace('_', ' ')}): choose a baseline with production"
        )


async def ledger_part(conn: Connection, plan: Plan, until: datetime) -> LedgerPart:
    """The entries, booked until then, that the baseline follows from."""
    row = await conn.fetchrow(*_SQL.baseline_entries(**days(plan), **scope(plan), until=until))
    return LedgerPart(row["entries"], row["sha256"])


def days(plan: Plan) -> dict[str, Any]:
    """The plant and the days of the baseline for the queries."""
    return {"plant": plan.plant, "first": plan.baseline_first, "last": plan.baseline_last}


def scope(plan: Plan) -> dict[str, Any]:
    """The names of each field for the queries; None filters nothing."""
    return {field: sorted(plan.scope.get(field, ())) or None for field in SCOPE_FIELDS}
