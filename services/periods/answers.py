"""What is said of periods to a program, by the command and by the API alike."""

from dataclasses import asdict
from typing import Any

from services.periods.period import Period, named
from services.periods.store import Booked, Listed, SignedOff, Step
from services.periods.unfinished import Unfinished


def listed(one: Listed) -> dict[str, Any]:
    """A month in one currency; `first_reported` is null where it was never closed."""
    return {**_period(one.period), **_copq(one)}


def shown(
    period: Period, found: list[Listed], steps: list[Step], signed: list[SignedOff],
    so_far: list[Booked], lacks: Unfinished,
) -> dict[str, Any]:  # fmt: skip
    """All of a month."""
    return {
        **_period(period),
        "copq": [_copq(one) for one in found],
        "steps": [asdict(step) for step in steps],
        "signed_off": [_booked(one) for one in signed],
        "booked_so_far": [_booked(one) for one in so_far],
        "unfinished": asdict(lacks),
    }


def _copq(one: Listed) -> dict[str, Any]:
    names = (
        "currency", "first_reported", "restated", "provisional", "difference", "booked", "late",
        "signed",
    )  # fmt: skip
    return {name: getattr(one, name) for name in names}


def _booked(one: Booked) -> dict[str, Any]:
    return {**asdict(one), "of_month": named(one.of_month)}


def _period(period: Period) -> dict[str, Any]:
    return {
        "plant": period.plant,
        "month": named(period.month),
        "state": period.state,
        "closings": period.closings,
        "first_closed_at": period.first_closed_at,
        "booked_in": period.booked_in and named(period.booked_in),
    }
