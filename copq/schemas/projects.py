"""The file of improvement projects: scope, baseline, start, promise and investments of each."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from copq.schemas.bases import MAX_AMOUNT, Month
from copq.schemas.fields import Currency, Identifier, Text, plain_amount
from copq.schemas.groups import NO_GROUP, GroupName
from copq.schemas.standing_costs import Day

Kind = Literal["once", "running"]
BenefitTypeName = Literal["hard", "avoidance", "working_capital", "soft"]
ExposureName = Literal["units", "production_hours", "cost_of_production"]
Amount = Annotated[Decimal, Field(gt=0, le=MAX_AMOUNT, decimal_places=8), plain_amount]
SignedAmount = Annotated[
    Decimal, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT, decimal_places=8), plain_amount
]
YearlyRate = Annotated[Decimal, Field(ge=0, le=1, decimal_places=8), plain_amount]


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[Identifier, ...], BeforeValidator(_several)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Months(_Part):
    """Once in a month, or in each month from the first to the last."""

    kind: Kind = Field("running", description="once: in first_month alone.")
    first_month: Month
    last_month: Month | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last_month is None:
            return self
        if self.kind == "once":
            raise ValueError("last_month: what is once has a first_month alone; leave it out")
        if self.last_month < self.first_month:
            raise ValueError("last_month: is before first_month")
        return self


class BenefitItem(Months):
    """A line of the promise: so much less in its month, or in each of its months."""

    type: BenefitTypeName = Field(
        description="hard changes the budget; the types are never added to each other."
    )
    amount: Amount = Field(description="Of a month. A running one without last_month: 12 months.")


class InvestmentItem(Months):
    """Money put into a project, by a name that is unique in it."""

    name: Identifier
    kind: Kind = Field("once", description="running: in each month from first_month on.")
    amount: Amount = Field(description="Of a month.")
    currency: Currency | None = Field(None, description="That of the project; else refused.")


class ScopeItem(_Part):
    """What a project is about. A field that is left out filters nothing."""

    line: Names = ()
    product: Names = ()
    stage: Names = ()
    element: Names = ()
    category: Names = ()
    defect_code: Names = ()
    work_unit: Names = ()
    shift: Names = ()
    supplier: Names = ()
    grouping: Identifier | None = Field(None, description="What the group is one of.")
    group: GroupName | None = Field(
        None, description="The products of this group; approval freezes which those are."
    )

    @model_validator(mode="after")
    def _a_group_has_a_grouping(self) -> Self:
        if (self.group is None) != (self.grouping is None):
            raise ValueError("group and grouping: name both of them, or none")
        if self.group is not None and self.product:
            raise ValueError("product: name products or a group, not both")
        if self.group == NO_GROUP:
            raise ValueError(f'group: "{NO_GROUP}" has no list of products: name the products')
        return self


class BaselineItem(_Part):
    """The production days that a project is compared with; both are in it."""

    first: Day
    last: Day

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"last {self.last} is before first {self.first}: swap them")
        return self


class ProjectItem(_Part):
    """A project of one plant, as its owner proposes it."""

    plant: Identifier
    name: Identifier
    owner: Identifier = Field(description="Who answers for it and claims its savings.")
    sponsor: Identifier
    scope: ScopeItem = ScopeItem()
    whole_plant: bool = Field(
        False, description="true: a scope without filters is meant, and not forgotten."
    )
    baseline: BaselineItem
    starts: Day = Field(description="The first production day with the measures in place.")
    currency: Currency = Field(description="That of the plant.")
    exposure: ExposureName = Field("units", description="What losses are compared with.")
    yearly_rate: YearlyRate = Field(
        Decimal("0.08"), description="At which money of later months is discounted."
    )
    benefits: tuple[BenefitItem, ...] = ()
    investments: tuple[InvestmentItem, ...] = ()
    notes: dict[Identifier, Text] = Field({}, description="Goal, measures and so on, by name.")

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.starts <= self.baseline.last:
            raise ValueError(
                f"starts: {self.starts} is in the baseline, which lasts until "
                f"{self.baseline.last}: end the baseline before the start"
            )
        early = [b for b in self.benefits if b.first_month < self.starts.replace(day=1)]
        if early:
            raise ValueError(
                f"benefits: one begins in {early[0].first_month:%Y-%m}, before the start on "
                f"{self.starts}: let it begin in {self.starts:%Y-%m} or later"
            )
        return self


class ProjectFile(BaseModel):
    """One file of projects. What is not in it stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    projects: tuple[ProjectItem, ...] = ()
