"""The group file: which product is in which group of a grouping, and from which day on."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from copq.schemas.fields import EARLIEST, LATEST, Identifier

NO_GROUP = "no group"
"""The group of a product that is in none, and of costs without a product."""

FIRST_DAY = EARLIEST.date()
"""No event is earlier: a product that is in a group from here on has always been in it."""


def _day(value: Any) -> Any:
    """A day such as 2026-03-01, without a time."""
    text = value.isoformat() if isinstance(value, date) else str(value)
    try:
        day = date.fromisoformat(text.removesuffix("T00:00:00"))
    except ValueError:
        raise _fault(f'"{value}" is not a day: write it as 2026-03-01') from None
    if not EARLIEST.year <= day.year < LATEST.year:
        raise _fault(f"is not in the years {EARLIEST.year} to {LATEST.year - 1}")
    return day


def _fault(words: str) -> PydanticCustomError:
    """Of its own kind, so that readers of files say these words and not those of an instant."""
    return PydanticCustomError("not_a_day", "{fault}", {"fault": words})


def _group_name(value: str) -> str:
    if value.casefold() == NO_GROUP and value != NO_GROUP:
        raise ValueError(f'"{value}": write "{NO_GROUP}" to take the product out of its group')
    return value


Day = Annotated[date, BeforeValidator(_day)]
GroupName = Annotated[Identifier, AfterValidator(_group_name)]


class GroupItem(BaseModel):
    """A product of a plant is in a group of a grouping from a production day on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plant: Identifier
    grouping: Identifier = Field(description="What products are grouped by, such as family.")
    product: Identifier
    group: GroupName = Field(description=f'"{NO_GROUP}" takes the product out of its group.')
    effective_from: Day = Field(
        FIRST_DAY, description="The first production day in the group; without it always."
    )


class GroupFile(BaseModel):
    """One file of product groups. What is not in it stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    groups: tuple[GroupItem, ...] = ()
