"""The file of standing costs: salaries, contracts and depreciation that a plant has each month."""

from datetime import date, datetime
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

from copq.schemas.fields import EARLIEST, LATEST, Currency, Identifier, Text, plain_amount
from copq.schemas.priced import STANDING

MAX_AMOUNT = Decimal(10) ** 15
"""No plant spends as much in a month, in any currency."""

_NOTHING = ("", "null", "~")


def _day(value: Any) -> Any:
    """A production day such as 2026-03-31."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f'"{value}" is not a day: write it as 2026-03-31') from None
    if not EARLIEST.year <= day.year < LATEST.year:
        raise ValueError(f"is not in the years {EARLIEST.year} to {LATEST.year - 1}")
    return day


def _or_none(value: Any) -> Any:
    return None if value in _NOTHING else value


Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date"}),
]


def _is_standing(value: str) -> str:
    if value not in STANDING:
        raise ValueError(
            f'"{value}" is not possible: the category is {" or ".join(STANDING)}. The cost of a '
            "failure follows from its event"
        )
    return value


StandingCategory = Annotated[
    str,
    AfterValidator(_is_standing),
    WithJsonSchema({"type": "string", "enum": list(map(str, STANDING))}),
]
Amount = Annotated[Decimal, Field(gt=0, le=MAX_AMOUNT, decimal_places=8), plain_amount]


class StandingCostItem(BaseModel):
    """What a plant, or a line of it, spends each month from a first to a last day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plant: Identifier
    line: Annotated[Identifier | None, BeforeValidator(_or_none)] = Field(
        None, description="Without it the cost is of the plant as a whole."
    )
    name: Identifier = Field(description="What it is for, such as calibration contract.")
    category: StandingCategory
    element: Identifier = Field(
        description="The cost element of your accounts, such as salaries or depreciation."
    )
    amount: Annotated[
        Amount | None,
        BeforeValidator(_or_none),
        Field(description="For a whole month. null takes the cost of this first_day away."),
    ]
    currency: Currency = Field(description="That of the plant.")
    first_day: Day = Field(description="The first production day that bears the cost.")
    last_day: Annotated[Day | None, BeforeValidator(_or_none)] = Field(
        None, description="The last production day that bears it; without it there is no end."
    )
    note: Annotated[Text | None, BeforeValidator(_or_none)] = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError(
                f"last_day {self.last_day} is before first_day {self.first_day}: a cost ends on "
                "its first day or later"
            )
        return self


class StandingCostFile(BaseModel):
    """One file of standing costs. What is not in it stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    standing_costs: tuple[StandingCostItem, ...] = ()
