"""A plan as JSON: what Postgres stores, what approval freezes, and back. Pure functions."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from copq.improvement.projects.plan import SCOPE_FIELDS, Benefit, BenefitType, Exposure, Plan
from copq.schemas.projects import BenefitItem, ProjectItem


def plan_of_item(item: ProjectItem) -> Plan:
    """The plan of a project's item in a file; a group is not written as products yet."""
    names = {field: frozenset(getattr(item.scope, field)) for field in SCOPE_FIELDS}
    return Plan(
        plant=item.plant, scope={field: found for field, found in names.items() if found},
        baseline_first=item.baseline.first, baseline_last=item.baseline.last, starts=item.starts,
        currency=item.currency, exposure=Exposure(item.exposure),
        benefits=tuple(map(_benefit_of_item, item.benefits)), yearly_rate=item.yearly_rate,
        group=item.scope.group or "", grouping=item.scope.grouping or "", notes=item.notes,
    )  # fmt: skip


def _benefit_of_item(item: BenefitItem) -> Benefit:
    return Benefit(
        type=BenefitType(item.type), amount=item.amount, first_month=item.first_month,
        recurring=item.kind == "running", last_month=item.last_month,
    )  # fmt: skip


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON; equal plans make equal JSON."""
    return {
        "plant": plan.plant,
        "scope": {field: sorted(names) for field, names in sorted(plan.scope.items())},
        "grouping": plan.grouping,
        "group": plan.group,
        "baseline_first": str(plan.baseline_first),
        "baseline_last": str(plan.baseline_last),
        "starts": str(plan.starts),
        "currency": plan.currency,
        "exposure": str(plan.exposure),
        "yearly_rate": plain(plan.yearly_rate),
        "benefits": [_benefit_json(one) for one in plan.benefits],
        "notes": dict(sorted(plan.notes.items())),
    }


def _benefit_json(one: Benefit) -> dict[str, Any]:
    return {
        "type": str(one.type),
        "amount": plain(one.amount),
        "first_month": str(one.first_month),
        "recurring": one.recurring,
        "last_month": one.last_month and str(one.last_month),
    }


def plain(amount: Decimal) -> str:
    """One spelling for equal amounts: without an exponent and without zeros at the end."""
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def plan_of(content: Mapping[str, Any]) -> Plan:
    """The plan that `plan_json` wrote."""
    return Plan(
        plant=content["plant"],
        scope={field: frozenset(names) for field, names in content["scope"].items()},
        grouping=content["grouping"],
        group=content["group"],
        baseline_first=date.fromisoformat(content["baseline_first"]),
        baseline_last=date.fromisoformat(content["baseline_last"]),
        starts=date.fromisoformat(content["starts"]),
        currency=content["currency"],
        exposure=Exposure(content["exposure"]),
        yearly_rate=Decimal(content["yearly_rate"]),
        benefits=tuple(_benefit_of(one) for one in content["benefits"]),
        notes=content["notes"],
    )


def _benefit_of(content: Mapping[str, Any]) -> Benefit:
    last = content["last_month"]
    return Benefit(
        type=BenefitType(content["type"]), amount=Decimal(content["amount"]),
        first_month=date.fromisoformat(content["first_month"]), recurring=content["recurring"],
        last_month=None if last is None else date.fromisoformat(last),
    )  # fmt: skip
