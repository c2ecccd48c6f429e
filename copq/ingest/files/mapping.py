"""A mapping: which events the rows of a file tell of. Declared, so that it can be reviewed."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from copq.schemas.fields import DayStart, Identifier, TimeZone

Column = Annotated[str, Field(min_length=1, max_length=256)]
Format = Literal["csv", "ndjson", "parquet"]
EventType = Literal[
    "production", "defect", "scrap", "rework", "downgrade", "downtime", "recovery", "return",
    "complaint", "warranty", "inspection", "prevention", "admin_failure",
]  # fmt: skip


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _exactly_one(part: Part, *names: str) -> None:
    if sum(getattr(part, name) is not None for name in names) != 1:
        raise ValueError(f"say exactly one of {', '.join(names)}")


class Condition(Part):
    """What a cell must be. A bare value means that value, a list any value of it."""

    one_of: tuple[str, ...] | None = None
    above: Decimal | None = Field(None, description="A number greater than this.")
    prefix: str | None = None
    filled: bool | None = Field(None, description="Not empty; false: empty.")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"one_of": [data]}
        return {"one_of": data} if isinstance(data, list) else data

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        _exactly_one(self, "one_of", "above", "prefix", "filled")
        return self


When = dict[Column, Condition]
"""Conditions by column; all must hold."""


class Source(Part):
    """Where a field's value comes from. A bare name means that column.

    `values` translates what the column holds; a value translated to nothing makes no event,
    one that is not listed is refused. An empty cell leaves the field out.
    """

    column: Column | None = None
    values: dict[str, str] | None = None
    sum: tuple[Column, ...] | None = Field(None, min_length=1)
    const: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        return {"column": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        _exactly_one(self, "column", "sum", "const")
        if self.values is not None and self.column is None:
            raise ValueError("values: translate a column; name it")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        return self.sum or ((self.column,) if self.column else ())


Fields = dict[str, Source]


class EventMapping(Part):
    """One event of a row, made where all conditions of `when` hold."""

    type: EventType
    when: When = {}
    id: tuple[Column, ...] = Field(
        min_length=1, description="Columns that tell this event from all others of its kind."
    )
    fields: Fields

    @property
    def columns(self) -> Iterator[str]:
        yield from self.when
        yield from self.id
        for source in self.fields.values():
            yield from source.columns


class StopMapping(Part):
    """A machine's consecutive rows in a state, each for an interval of time, are one stop."""

    by: tuple[Column, ...] = Field(min_length=1, description="Columns that name one machine.")
    time: Column = Field(description="When the row's interval starts.")
    interval_minutes: Decimal = Field(gt=0, le=1440)
    tolerance_seconds: Decimal | None = Field(
        None, ge=0, description="How late a row may come; a tenth of the interval without it."
    )
    when: When = Field(min_length=1)
    split_on: tuple[Column, ...] = ()
    planned: When = {}
    fields: Fields

    @property
    def interval(self) -> timedelta:
        return timedelta(microseconds=int(self.interval_minutes * 60_000_000))

    @property
    def tolerance(self) -> timedelta:
        """Controllers and loggers are late by a second or two; a missing row is never bridged."""
        if self.tolerance_seconds is None:
            return min(self.interval / 10, timedelta(minutes=1))
        return timedelta(microseconds=int(self.tolerance_seconds * 1_000_000))

    @model_validator(mode="after")
    def _does_not_bridge_a_row(self) -> Self:
        if self.tolerance >= self.interval:
            raise ValueError("tolerance_seconds: must be less than the interval")
        return self

    @property
    def columns(self) -> Iterator[str]:
        yield from (*self.by, self.time, *self.when, *self.split_on, *self.planned)
        for source in self.fields.values():
            yield from source.columns


def _spelled_tab(value: Any) -> Any:
    return "\t" if value in ("tab", "\\t") else value


class Layout(Part):
    """How the file is written. What is not said is guessed from the file's name."""

    format: Format | None = None
    encoding: str = "utf-8"
    delimiter: Annotated[
        str, BeforeValidator(_spelled_tab), Field(min_length=1, max_length=1)
    ] = ","  # fmt: skip
    quote: Literal["double", "none"] = Field(
        "double", description='Whether a cell may be in quotes (") or a quote is part of its text.'
    )
    line_breaks: bool = Field(
        False, description="Whether a cell may hold lines that look like rows."
    )


class Numbers(Part):
    """How numbers are written where the file has them as text."""

    decimal: Literal[".", ","]
    thousands: Literal[".", ",", " ", "'"] | None = None

    @model_validator(mode="after")
    def _tells_them_apart(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same")
        return self


class Mapping(Part):
    """A whole mapping file."""

    name: Identifier = Field(description="Part of every event's id: do not change it later.")
    file: Layout = Layout()
    time_zone: TimeZone | None = Field(None, description="Of times without an offset.")
    time_format: str | None = Field(None, description="As strptime has it; else ISO 8601.")
    production_day: DayStart | None = Field(
        None, description="A date without a time is the production day that begins then."
    )
    numbers: Numbers | None = None
    constants: dict[str, str] = {}
    events: tuple[EventMapping, ...] = ()
    stops: tuple[StopMapping, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        parts: tuple[EventMapping | StopMapping, ...] = (*self.events, *self.stops)
        return tuple(dict.fromkeys(column for part in parts for column in part.columns))
