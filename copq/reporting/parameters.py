"""The parameters of requests, with their descriptions and validation."""

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
"""A name in its canonical spelling."""

Plant = Annotated[str | None, Spelt, Query(description="Only this plant.", examples=["north"])]
Line = Annotated[str | None, Spelt, Query(description="Only this line.", examples=["L1"])]
Product = Annotated[str | None, Spelt, Query(description="Only this product.", examples=["TR29"])]
Group = Annotated[
    str | None,
    Spelt,
    Query(
        description="Only products of this group; `no group`: products in none.",
        examples=["tyre valves"],
    ),
]
Grouping = Annotated[
    str | None,
    Spelt,
    Query(
        description="What products are grouped by; needed where there are several groupings.",
        examples=["family"],
    ),
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
        description="One category, `copq` for all kinds of failure, or `coq` for prevention and "
        "appraisal too.",
        json_schema_extra={"enum": list(CATEGORIES)},
    ),
]
By = Annotated[
    str,
    Query(
        description=f"The dimensions of a row, separated by commas: {', '.join(DIMENSIONS)}.",
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
        description="As of now, or as each month was at its first closing.",
    ),
]
AsOf = Annotated[
    str,
    Query(
        description="Figures as of this instant, in the plant's time if it has no offset.",
        examples=["2026-04-03T18:00:00+02:00"],
    ),
]
Month = Annotated[str, Query(description="Only this month: 2026-03.", examples=["2026-03"])]
Currency = Annotated[
    str | None,
    Query(
        description="The reporting currency, into which all money is converted, each entry at "
        "its stored exchange rate. By default, each currency has its own rows.",
        examples=["EUR"],
    ),
]
Base = Annotated[
    str,
    Query(
        description="What the percentages are of: cost of production, CoQ, or a base that finance "
        "has imported, for months of whole plants. It is named in `base_name`.",
        examples=["revenue"],
    ),
]
ROWS = 1_000
"""The number of rows of an answer in JSON, unless `limit` says otherwise."""
Limit = Annotated[
    int | None,
    Query(ge=1, le=10_000, description=f"The number of rows; by default {ROWS:,}, in CSV all."),
]
TableFormat = Annotated[
    Literal["json", "csv", "xlsx"] | None,
    Query(
        alias="format",
        description="`xlsx` is an Excel workbook. By default the Accept header decides; without "
        "one it is JSON.",
    ),
]
Format = Annotated[
    Literal["json", "csv"] | None,
    Query(
        alias="format", description="By default the Accept header decides; without one it is JSON."
    ),
]
