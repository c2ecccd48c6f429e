"""What a rate says in a few words."""

from typing import Any

from copq.text.exact import exact


def money_of(item: Any) -> str:
    """The most important figure of an item, with its unit."""
    finished = getattr(item, "finished", None)
    if finished is not None:
        return f"{exact(finished.cost)} {item.currency} a unit"
    minute, hour = getattr(item, "rate_per_minute", None), getattr(item, "rate_per_hour", None)
    if minute is not None:
        return f"{exact(minute)} a minute"
    return "" if hour is None else f"{exact(hour)} an hour"
