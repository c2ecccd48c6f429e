"""The parameters of a request, each with what it means, and how they are read."""

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AfterValidator

from copq.figures.basis import As
from copq.figures.entries import CATEGORIES
from copq.ledger.figures import DIMENSIONS
from copq.schemas.names import canonical
from copq.schemas.priced import ELEMENTS
from copq.schemas.refusal import none_of


def _one_of(names: tuple[str, ...]) -> AfterValidator:
    def known(value: Any) -> Any:
        if value is not None and value not in names:
            raise ValueError(none_of(value, names))
        return value

    return AfterValidator(known)


Spelt = AfterValidator(lambda name: name and canonical(name))
"""A name in its one spelling."""

Plant = Annotated[str | None, Spelt, Query(description="Of this plant alone.", examples=["north"])]
Line = Annotated[str | None, Spelt, Query(description="Of this line alone.", examples=["L1"])]
Product = Annotated[
    str | None, Spelt, Query(description="Of this product alone.", examples=["TR29"])
]
Element = Annotated[
    str | None,
    _one_of(ELEMENTS),
    Query(
        description=f"Only this element: {', '.join(ELEMENTS)}.",
        examples=["defect"],
        json_schema_extra={"enum": list(ELEMENTS)},
    ),
]
OfCategory = Annotated[
    str | None,
    _one_of(CATEGORIES),
    Query(
        description="One category, or `copq` for all kinds of failure.",
        json_schema_extra={"enum": list(CATEGORIES)},
    ),
]
By = Annotated[
    str,
    Query(
        description=f"A row for each, with commas: {', '.join(DIMENSIONS)}.",
        examples=["line,product"],
    ),
]
Grain = Annotated[Literal["hour", "day", "month"], Query(description="The length of a bucket.")]
From = Annotated[
    str,
    Query(
        alias="from",
        description="The first day, month or hour: 2026-03-01, 2026-03, 2026-03-01T06:00. A time "
        "without an offset is the plant's own.",
        examples=["2026-03-01"],
    ),
]
To = Annotated[
    str,
    Query(alias="to", description="The end, which is excluded.", examples=["2026-04-01"]),
]
Reported = Annotated[
    str,
    _one_of(tuple(As)),
    Query(
        alias="as",
        json_schema_extra={"enum": list(As)},
        description="As it is now, or as each month was when it was first closed.",
    ),
]
AsOf = Annotated[
    str,
    Query(
        description="What the ledger said at this instant. Without an offset it is the plant's.",
        examples=["2026-04-03T18:00:00+02:00"],
    ),
]
Month = Annotated[str, Query(description="This month alone: 2026-03.", examples=["2026-03"])]
Currency = Annotated[
    str | None,
    Query(
        description="The reporting currency: all money in it, each entry at its stored exchange "
        "rate. Without: each currency on its own.",
        examples=["EUR"],
    ),
]
ROWS = 1_000
"""Of an answer in JSON, unless more or fewer are asked for."""
Limit = Annotated[
    int | None,
    Query(ge=1, le=10_000, description=f"How many rows; else {ROWS:,}, in CSV all."),
]
Format = Annotated[
    Literal["json", "csv"] | None,
    Query(alias="format", description="Else as the Accept header says; JSON without one."),
]
