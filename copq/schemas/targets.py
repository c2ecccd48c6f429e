"""The target file: what COPQ should stay below, and what a month may lose."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from copq.schemas.fields import Identifier, Money, Share, TimeZone, Validity

WINDOWS = (
    "hour", "last_hour", "day", "last_day", "month", "last_month", "15m", "1h", "24h", "30d",
)  # fmt: skip
"""The current and the last full hour, day and month of the plant, and the trailing windows."""

WindowName = Literal[
    "hour", "last_hour", "day", "last_day", "month", "last_month", "15m", "1h", "24h", "30d"
]


# Files are read as text, so that no number ever is a binary float.
_NULL = BeforeValidator(lambda value: None if value in ("", "null", "~") else value)


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    effective_from: Validity = Field(description="In force until the next one's, or for ever.")


class Target(_Item):
    """What COPQ over base should stay below. What is not named is all of it."""

    plant: Identifier | None = None
    line: Identifier | None = None
    product: Identifier | None = None
    window: WindowName | None = None
    ratio: Annotated[
        Share | None, _NULL, Field(description="0.03 is 3 %; null takes the target away.")
    ]

    @model_validator(mode="after")
    def _lines_have_a_plant(self) -> Self:
        if self.line is not None and self.plant is None:
            raise ValueError("line: needs its plant next to it")
        return self


BudgetCategory = Literal[
    "prevention", "appraisal", "internal_failure", "external_failure", "administrative_failure"
]


class Budget(_Item):
    """What a month may cost, in the plant's currency; of a line, or of the plant."""

    plant: Identifier
    line: Identifier | None = None
    category: BudgetCategory | None = Field(
        None, description="Of this category of the cost of quality; without it, of COPQ."
    )
    amount: Annotated[Money | None, _NULL, Field(description="null takes the budget away.")]


class TargetFile(BaseModel):
    """One file of targets. What is not in it stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: TimeZone | None = Field(None, description="Of dates that name no offset.")
    targets: tuple[Target, ...] = ()
    budgets: tuple[Budget, ...] = ()
