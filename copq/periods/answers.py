"""Periods as JSON, for the command and the API."""

from dataclasses import asdict
from typing import Any

from copq.periods.period import Period, month_name
from copq.periods.store import BookedSum, PeriodSummary, SignedSum, Step
from copq.periods.unfinished import UnfinishedItems


def summary_json(one: PeriodSummary) -> dict[str, Any]:
    """A month in one currency; `first_reported` is null if it was never closed."""
    return {**_period_json(one.period), **_copq_json(one)}


def detail_json(
    period: Period, summaries: list[PeriodSummary], steps: list[Step], signed: list[SignedSum],
    so_far: list[BookedSum], lacks: UnfinishedItems,
) -> dict[str, Any]:  # fmt: skip
    """A month with its steps, signed figures and unfinished items."""
    return {
        **_period_json(period),
        "copq": [_copq_json(one) for one in summaries],
        "steps": [asdict(step) for step in steps],
        "signed_off": [_booked_json(one) for one in signed],
        "booked_so_far": [_booked_json(one) for one in so_far],
        "unfinished": asdict(lacks),
    }


def _copq_json(one: PeriodSummary) -> dict[str, Any]:
    names = (
        "currency", "first_reported", "restated", "provisional", "difference", "booked", "late",
        "signed",
    )  # fmt: skip
    return {name: getattr(one, name) for name in names}


def _booked_json(one: BookedSum) -> dict[str, Any]:
    return {**asdict(one), "of_month": month_name(one.of_month)}


def _period_json(period: Period) -> dict[str, Any]:
    return {
        "plant": period.plant,
        "month": month_name(period.month),
        "state": period.state,
        "closings": period.closings,
        "first_closed_at": period.first_closed_at,
        "booked_in": period.booked_in and month_name(period.booked_in),
    }
