"""The rate file: plants, cost tables, line rates and labour rates, as finance writes them.

Everything but a plant is effective from an instant until its successor's, or until its own
`effective_to`. All money is in the currency named. Rates of time are a minute or an hour.
"""

from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cached_property
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from copq.schemas.fields import (
    Currency,
    DayStart,
    Identifier,
    Money,
    Rate,
    Share,
    TimeZone,
    Validity,
)

ZERO = Decimal(0)
_ROUNDING = Context(prec=90, rounding=ROUND_HALF_UP)


class RateItem(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


MOST_ATTRIBUTES = 4
"""More combinations could not be searched within seconds."""


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    spelt = [name.casefold() for name in names]
    twice = next((name for name in names if spelt.count(name.casefold()) > 1), None)
    if twice is not None:
        raise ValueError(f'attribute "{twice}" is there twice')
    return names


class Plant(RateItem):
    """A site: its calendar and its currency. A plant has one version at a time."""

    plant: Identifier
    time_zone: TimeZone
    day_start: DayStart = Field(description="When the production day starts, local time.")
    currency: Currency = Field(description="Until another is in force: see plant_currencies.")
    lines: tuple[Identifier, ...] = Field((), description="Empty: any line is taken as it comes.")
    attributes: Annotated[
        tuple[Identifier, ...], Field(max_length=MOST_ATTRIBUTES), AfterValidator(_distinct)
    ] = Field((), description="Attributes of events by which a change of losses is explained.")


class Effective(RateItem):
    effective_from: Validity
    effective_to: Validity | None = Field(None, description="Exclusive; open without it.")

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            raise ValueError("effective_to: is not after effective_from")
        return self


class PlantCurrency(Effective):
    """The currency of a plant from an instant on, as where its country joins the euro.

    Line and labour rates are in the currency in force as they begin.
    """

    plant: Identifier
    currency: Currency

    @model_validator(mode="after")
    def _has_no_end(self) -> Self:
        if self.effective_to is not None:
            raise ValueError("effective_to: leave it out; a currency is in force until the next")
        return self


class Stage(RateItem):
    """What a unit has cost when it leaves this stage, all parts cumulated up to it."""

    stage: Identifier
    raw_material: Money
    labour_overhead: Money = ZERO
    fixed_overhead: Money = ZERO

    @property
    def cost(self) -> Decimal:
        """C(s), absolute costing."""
        return self.raw_material + self.labour_overhead + self.fixed_overhead


class ReworkRates(RateItem):
    """Money per unit reworked."""

    labour: Money = ZERO
    material: Money = ZERO
    overhead: Money = ZERO


class ReturnScrap(RateItem):
    """Money per returned unit that is scrapped."""

    price: Money
    recovered: Money = ZERO
    recovery_overhead: Money = ZERO


def _each_once(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    names = [stage.stage for stage in stages]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f'stage "{twice}" is there twice')
    return stages


class CostTable(Effective):
    """What a product costs at each stage; stages in the order of the process."""

    product: Identifier
    plant: Identifier | None = Field(None, description="For this plant alone; else for all.")
    currency: Currency
    input_raw_material: Money | None = Field(
        None, description="RM, the first input; without it the first stage's raw material."
    )
    stages: Annotated[tuple[Stage, ...], Field(min_length=1), AfterValidator(_each_once)]
    recovery_rate: Share = Field(ZERO, description="r, share of RM that the supplier pays back.")
    recovery_overhead_per_day: Money = Field(
        ZERO, description="Per line and production day on which anything recoverable was rejected."
    )
    allowed_rejection: Share = Field(ZERO, description="a, a share (0.0034), no percentage.")
    rework_in_house: ReworkRates | None = None
    rework_on_site: ReworkRates | None = None
    return_scrap: ReturnScrap | None = None
    price: Money | None = Field(None, description="Sale price of a good unit.")
    seconds_price: Money | None = Field(None, description="Sale price of a downgraded unit.")

    @cached_property
    def raw_material(self) -> Decimal:
        """RM, the cost of the first input raw material."""
        first = self.stages[0].raw_material
        return first if self.input_raw_material is None else self.input_raw_material

    @cached_property
    def stage_costs(self) -> dict[str, Decimal]:
        """C(s) of each stage, in the order of the process."""
        return {stage.stage: stage.cost for stage in self.stages}

    @cached_property
    def finished_cost(self) -> Decimal:
        """C(s) of the unit as it leaves the last stage."""
        return self.finished.cost

    @property
    def finished(self) -> Stage:
        return self.stages[-1]

    def vaf(self, stage: str) -> Decimal | None:
        """Value addition factor of a stage, C(s) / RM, to nine decimals; None without RM."""
        if not self.raw_material:
            return None
        factor = _ROUNDING.divide(self.stage_costs[stage], self.raw_material)
        return factor.quantize(Decimal("1E-9"), context=_ROUNDING)


PER_MINUTE, PER_HOUR = "_per_minute", "_per_hour"
MINUTES_OF_AN_HOUR = Decimal(60)


def _hourly(item: RateItem, name: str) -> Decimal | None:
    """A rate an hour, exact, whichever of the two was given; None where neither was."""
    minute: Decimal | None = getattr(item, name + PER_MINUTE)
    hour: Decimal | None = getattr(item, name + PER_HOUR)
    return minute * MINUTES_OF_AN_HOUR if minute is not None else hour


def _refuse_both(item: RateItem, *names: str) -> None:
    for name in names:
        if None not in (getattr(item, name + PER_MINUTE), getattr(item, name + PER_HOUR)):
            raise ValueError(
                f"{name}{PER_HOUR}: is given next to {name}{PER_MINUTE}; leave one of them out"
            )


def _require(item: RateItem, name: str) -> None:
    if _hourly(item, name) is None:
        raise ValueError(f"{name}{PER_MINUTE}: is missing; give it, or {name}{PER_HOUR}")


class LineRate(Effective):
    """What standstill costs, a minute or an hour; a bottleneck adds the lost contribution."""

    plant: Identifier
    line: Identifier
    rate_per_minute: Money | None = None
    rate_per_hour: Money | None = Field(None, description="Instead of rate_per_minute.")
    bottleneck: bool = False
    contribution_per_minute: Money | None = None
    contribution_per_hour: Money | None = None
    planned_rate_per_minute: Money | None = Field(
        None, description="Of a planned stop: nothing without it."
    )
    planned_rate_per_hour: Money | None = None
    output_work_units: tuple[Identifier, ...] = Field(
        (), description="The machines where product leaves the line, if machines report."
    )

    ideal_rate_per_minute: Rate | None = Field(
        None, description="Units a minute that the line makes at best; without it no OEE."
    )

    @model_validator(mode="after")
    def _gives_each_rate_once(self) -> Self:
        _refuse_both(self, "rate", "contribution", "planned_rate")
        _require(self, "rate")
        return self

    @property
    def standstill(self) -> Decimal:
        """An hour of unplanned standstill, without the contribution lost."""
        return _hourly(self, "rate") or ZERO

    @property
    def contribution(self) -> Decimal:
        """What an hour of standstill loses on top: on a bottleneck alone."""
        return (_hourly(self, "contribution") or ZERO) if self.bottleneck else ZERO

    def per_hour(self, planned: bool) -> Decimal:
        """What an hour of standstill costs."""
        if planned:
            return _hourly(self, "planned_rate") or ZERO
        return self.standstill + self.contribution


class LabourRate(Effective):
    plant: Identifier
    grade: Identifier = "standard"
    rate_per_minute: Money | None = None
    rate_per_hour: Money | None = Field(None, description="Instead of rate_per_minute.")

    @model_validator(mode="after")
    def _gives_its_rate_once(self) -> Self:
        _refuse_both(self, "rate")
        _require(self, "rate")
        return self

    @property
    def per_hour(self) -> Decimal:
        """An hour of labour."""
        return _hourly(self, "rate") or ZERO


class RateFile(RateItem):
    """One file of rates. What is not in it stays as it is."""

    time_zone: TimeZone | None = Field(None, description="Of dates that name no offset.")
    plants: tuple[Plant, ...] = ()
    plant_currencies: tuple[PlantCurrency, ...] = ()
    cost_tables: tuple[CostTable, ...] = ()
    line_rates: tuple[LineRate, ...] = ()
    labour_rates: tuple[LabourRate, ...] = ()
