"""The base file: revenue, manufacturing cost and so on of a plant in a month."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from copq.schemas.fields import EARLIEST, LATEST, Currency, Identifier, plain_amount

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
    """What costs of a plant are compared with in a month."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plant: Identifier
    month: Month = Field(description="A calendar month of the plant, such as 2026-03.")
    base: BaseName = Field(description="The name of the base, such as revenue.")
    amount: Annotated[
        Amount | None,
        BeforeValidator(lambda value: None if value in ("", "null", "~") else value),
        Field(description="null takes the base away."),
    ]
    currency: Currency = Field(description="That of the plant in this month.")


class BaseFile(BaseModel):
    """One file of bases. What is not in it stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bases: tuple[BaseItem, ...] = ()
