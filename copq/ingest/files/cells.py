"""What a cell holds: text, or a value whose type the file itself states."""

from decimal import Decimal

from copq.ingest.files.faults import RowFault
from copq.schemas.names import canonical

SHOWN = 64
"""Of a cell, as much as a person needs to find it."""


class TypedText(str):
    """A number or a time of a typed file (JSON, Parquet), as text.

    A number has a decimal point and a time is ISO 8601, whatever the mapping says of texts.
    """

    __slots__ = ()


def quote_cell(text: str) -> str:
    """A cell for a message: its beginning, in quotes."""
    return f'"{text[:SHOWN]}…"' if len(text) > SHOWN else f'"{text}"'


EXACT, EXACT_SINGLE = 2**53, 2**24
"""From these on a float, of double and of single precision, does not keep every digit."""
_SMALLEST = -40


def name_text(text: str) -> str:
    """A cell as part of what names an event: the same name in its one spelling."""
    return canonical(str(text))


def number_text(column: str, figure: Decimal, exact_up_to: int | None = None) -> str:
    """A number of a typed file. NaN stands for an empty cell, as pandas writes it.

    Part numbers become floats where a column has gaps: 4711.0 is read as 4711. Raises `RowFault`
    for an infinity, and for a float (`exact_up_to`) that is too large to keep every digit.
    """
    if figure.is_nan():
        return ""
    if figure.is_infinite():
        raise RowFault(column, f"column {column} holds {figure}, which is not a number")
    if exact_up_to is not None and not -exact_up_to < figure < exact_up_to:
        raise RowFault(
            column,
            f"column {column} holds {figure}: a float that large has lost digits. "
            "Save the column as text or as an integer",
        )
    if figure and figure.adjusted() < _SMALLEST:
        raise RowFault(column, f"column {column} holds {figure}, which is as good as 0")
    whole = figure.to_integral_value()
    return TypedText(f"{whole if whole == figure else figure:f}")


def flag_text(value: bool) -> str:
    return "true" if value else "false"


def unfit(column: str, kind: str) -> RowFault:
    """For a value that is not a single text, number, time or truth value."""
    return RowFault(
        column, f"column {column} holds {kind}; map a column that holds one value in each row"
    )
