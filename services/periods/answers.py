"""What is said of periods to a program, by the command and by the API alike."""

from dataclasses import asdict
from typing import Any

from services.periods.period import Period, named
from services.periods.store import Listed, SignedOff, Step
from services.periods.unfinished import Unfinished


def listed(one: Listed) -> dict[str, Any]:
    """A month in one currency; `first_reported` is null where it was never closed."""
    return {
        **_period(one.period),
        "currency": one.currency,
        "first_reported": one.first_reported,
        "restated": one.restated,
        "difference": one.difference,
    }


def shown(
    period: Period, found: list[Listed], steps: list[Step], signed: list[SignedOff],
    lacks: Unfinished,
) -> dict[str, Any]:  # fmt: skip
    """All of a month."""
    return {
        **_period(period),
        "copq": [
            {"currency": one.currency, "first_reported": one.first_reported,
             "restated": one.restated, "difference": one.difference}
            for one in found
        ],
        "steps": [asdict(step) for step in steps],
        "signed_off": [{**asdict(s), "of_month": named(s.of_month)} for s in signed],
        "unfinished": asdict(lacks),
    }  # fmt: skip


def _period(period: Period) -> dict[str, Any]:
    return {
        "plant": period.plant,
        "month": named(period.month),
        "state": period.state,
        "closings": period.closings,
        "first_closed_at": period.first_closed_at,
        "booked_in": period.booked_in and named(period.booked_in),
    }
