"""Exact figures in JSON and CSV: money is never a float, instants are in ISO 8601."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any


def exact(value: Decimal) -> str:
    """All significant digits, never an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain(value: Any) -> Any:
    """The text of a value that JSON has no type for. Raises `TypeError` on any other type."""
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value)}")
