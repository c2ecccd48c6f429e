"""The base file: revenue, manufacturing cost and so on of a plant in a month."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from copq.schemas.fields import EARLIEST, LATEST, Currency, Identifier, plain_amount
from copq.schemas.groups import NO_GROUP, GroupName

PRODUCTION_BASE, COQ_BASE = "cost of production", "CoQ"
OWN_BASES = (PRODUCTION_BASE, COQ_BASE)
"""The bases that the ledger has itself."""

MAX_AMOUNT = Decimal(10) ** 15
"""The revenue of a month in any currency is less."""

_MONTH = re.compile(r"(\d{4})-(\d{2})(?:-01)?")


def _month(value: Any) -> Any:
    """The first day of a month such as 2026-03, which its first day names too."""
    if isinstance(value, date):
        return value
    found = _MONTH.fullmatch(str(value))
    try:
        if found is None:
            raise ValueError
        month = date(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise ValueError(f'"{value}" is not a month: write it as 2026-03') from None
    if not EARLIEST.year <= month.year < LATEST.year:
        raise ValueError(f"is not in the years {EARLIEST.year} to {LATEST.year - 1}")
    return month


Month = Annotated[
    date,
    BeforeValidator(_month),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}(-01)?$"}),
]


def _own_name(value: str) -> str:
    if value.casefold() in {name.casefold() for name in OWN_BASES}:
        raise ValueError(f'"{value}" comes from the ledger: give the base another name')
    if "," in value:
        raise ValueError(f'"{value}" has a comma, which separates names: leave it out')
    return value


BaseName = Annotated[Identifier, AfterValidator(_own_name)]
Amount = Annotated[Decimal, Field(gt=0, le=MAX_AMOUNT, decimal_places=8), plain_amount]


class BaseItem(BaseModel):
    """What costs of a plant, or of a product group of it, are compared with in a month."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plant: Identifier
    month: Month = Field(description="A calendar month of the plant, such as 2026-03.")
    base: BaseName = Field(description="The name of the base, such as revenue.")
    grouping: Identifier | None = Field(None, description="What the group is one of.")
    group: GroupName | None = Field(
        None, description="Of this product group; without it, of the whole plant."
    )
    amount: Annotated[
        Amount | None,
        BeforeValidator(lambda value: None if value in ("", "null", "~") else value),
        Field(description="null takes the base away."),
    ]
    currency: Currency = Field(description="That of the plant in this month.")

    @model_validator(mode="after")
    def _group_has_a_grouping(self) -> Self:
        if (self.group is None) != (self.grouping is None):
            raise ValueError("group and grouping: name both of them, or none")
        return self

    @property
    def name(self) -> str:
        """The base for people: `revenue of group soft drinks of north in 2026-03`."""
        return base_name_of(self.base, self.group, self.plant, self.month)


def base_name_of(base: str, group: str | None, plant: str, month: date) -> str:
    of_group = "" if not group else f" of group {group}"
    if group == NO_GROUP:
        of_group = f" of products in {NO_GROUP}"
    return f"{base}{of_group} of {plant} in {month:%Y-%m}"


class BaseFile(BaseModel):
    """One file of bases. What is not in it stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bases: tuple[BaseItem, ...] = ()
