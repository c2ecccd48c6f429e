"""Figures of a project, or of several together: money of months, returns, effects of a year."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any, Self

from copq.figures.portfolio_reading import ProjectFacts
from copq.figures.portfolio_request import PortfolioQuery
from copq.improvement.projects.plan import BenefitType
from copq.improvement.savings.over_time import Flows, Unknown
from copq.improvement.savings.portfolio import Measured, TypeSums, Waterfall, waterfall
from copq.improvement.savings.returns import Money, Returns, added, returns
from copq.improvement.savings.years import (
    YearEffect,
    promised_effect,
    total_effect,
    validated_effect,
)
from copq.ledger.arithmetic import MONEY, ZERO

NOT_MEASURED = "no month is measured yet"
_ONCE = BenefitType.WORKING_CAPITAL
"""What is released once has no run rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioFigures:
    """`counted` are the types that count. `months` is the number of months with a bridge."""

    counted: TypeSums
    others: TypeSums
    months: int
    measured: Measured
    first_reported: Decimal | None
    restated: Decimal | None
    invested: Decimal
    returns: Returns
    promised_effect: YearEffect
    validated_effect: YearEffect
    excess: Decimal
    waits_since: datetime | None

    @property
    def waterfall(self) -> Waterfall:
        return waterfall(self.counted, self.others, self.measured)

    def as_json(self) -> dict[str, Any]:
        """Flat; what is unknown is null, and `reasons` says why."""
        realised = self.months > 0
        return {
            **type_json(self.counted),
            "gross": self.measured.gross if realised else None,
            "realised": self.measured.net if realised else None,
            "first_reported": self.first_reported, "restated": self.restated,
            "invested": self.invested, **_returns_json(self.returns),
            **_effect_json("", self.validated_effect),
            **_effect_json("promised_", self.promised_effect),
            **self.waterfall.steps, "excess": self.excess, "waits_since": self.waits_since,
            "reasons": self._reasons(),
        }  # fmt: skip

    def _reasons(self) -> dict[str, str]:
        found = {} if self.months else {"realised": NOT_MEASURED}
        if self.counted.realisation_rate is None:
            found["realisation_rate"] = "nothing was promised for these months"
        return found | {
            name: value.reason
            for name in Returns.__dataclass_fields__
            if isinstance(value := getattr(self.returns, name), Unknown)
        }


def type_json(sums: TypeSums) -> dict[str, Any]:
    """What one type has, or several together."""
    names = ("promised", "forecast", "claimed", "validated", "in_budget")
    return {
        **{name: getattr(sums, name) for name in names},
        "variance": sums.variance, "realisation_rate": sums.realisation_rate,
    }  # fmt: skip


def _returns_json(found: Returns) -> dict[str, Any]:
    values = {name: getattr(found, name) for name in Returns.__dataclass_fields__}
    payback = values["payback"]
    if isinstance(payback, date):
        values["payback"] = f"{payback:%Y-%m}"
    return {name: None if isinstance(v, Unknown) else v for name, v in values.items()}


def _effect_json(which: str, effect: YearEffect) -> dict[str, Any]:
    return {
        f"{which}in_year": effect.in_year, f"{which}carry_over": effect.carry_over,
        f"{which}run_rate": effect.run_rate,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class PortfolioRow:
    """A project with its figures. `is_discovery` says whether its saving is one of the portfolio's
    discoveries; None where its days were not tested."""

    facts: ProjectFacts
    figures: PortfolioFigures
    is_discovery: bool | None = None

    def as_json(self) -> dict[str, Any]:
        project, verdict = self.facts.project, self.facts.verdict
        return {
            "plant": project.plant, "project": project.name, "state": project.state,
            "owner": project.owner, "sponsor": project.sponsor, "starts": project.plan.starts,
            "status": verdict and verdict.status, "is_proven": verdict and verdict.is_proven,
            "is_discovery": self.is_discovery, "currency": project.plan.currency,
            **self.figures.as_json(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class PortfolioTotal:
    """The projects of a plant or an owner, or all of them, in one currency."""

    by: str
    name: str | None
    currency: str
    projects: int
    figures: PortfolioFigures

    def as_json(self) -> dict[str, Any]:
        return {
            "by": self.by, "name": self.name, "currency": self.currency,
            "projects": self.projects, **self.figures.as_json(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProjectMoney:
    """What the figures of a project are made of, alone and together with others."""

    facts: ProjectFacts
    counted: TypeSums
    others: TypeSums
    money: Money
    spent: Decimal
    promised_effect: YearEffect
    validated_effect: YearEffect

    @classmethod
    def of(cls, facts: ProjectFacts, query: PortfolioQuery, year_begins: date) -> Self:
        counted = set(query.counted)
        validated, plan = _validated(facts, counted), facts.project.plan
        promise = plan.benefits if facts.project.freeze else ()
        return cls(
            facts, _type_sums(facts, counted), _type_sums(facts, set(BenefitType) - counted),
            Money.of(validated, facts.invested, plan.yearly_rate),
            _spent(facts.invested, query.start),
            promised_effect([one for one in promise if one.type in counted], year_begins),
            validated_effect(_validated(facts, counted - {_ONCE}), year_begins),
        )  # fmt: skip


def figures_of(projects: Sequence[ProjectMoney]) -> PortfolioFigures:
    """The figures of projects in one currency, together."""
    bridges = [one.facts.bridges for one in projects]
    measured = Measured.of([one.measured for one in bridges])
    with localcontext(MONEY):
        spent = sum((one.spent for one in projects), ZERO)
        excess = sum((own.amount for one in projects for own in one.facts.excesses), ZERO)
    return PortfolioFigures(
        counted=TypeSums.of([one.counted for one in projects]),
        others=TypeSums.of([one.others for one in projects]),
        months=sum(one.months for one in bridges), measured=measured,
        first_reported=_known_sum(one.first_reported for one in bridges),
        restated=_known_sum(one.restated for one in bridges),
        invested=spent, returns=returns([one.money for one in projects], measured.net, spent),
        promised_effect=total_effect([one.promised_effect for one in projects]),
        validated_effect=total_effect([one.validated_effect for one in projects]),
        excess=excess,
        waits_since=min((s for one in projects if (s := one.facts.waits_since)), default=None),
    )  # fmt: skip


def _type_sums(one: ProjectFacts, types: set[BenefitType]) -> TypeSums:
    return TypeSums.of([found.sums for kind, found in one.types.items() if kind in types])


def _validated(one: ProjectFacts, types: set[BenefitType]) -> Flows:
    return added([found.validated for kind, found in one.types.items() if kind in types])


def _spent(invested: Flows, start: date | None) -> Decimal:
    with localcontext(MONEY):
        return sum((a for month, a in invested.items() if start is None or month >= start), ZERO)


def _known_sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    with localcontext(MONEY):
        return sum(known, ZERO) if known else None
