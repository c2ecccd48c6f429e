"""Figures as JSON and CSV say them: money exact, never a float, instants in ISO 8601."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any


def exact(value: Decimal) -> str:
    """All digits that matter, never an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain(value: Any) -> Any:
    """What JSON has no word for, as text. Raises `TypeError` on anything unknown."""
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value)}")
