"""Periods for the command, the API and the desk."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from asyncpg import Connection

from copq.periods import store
from copq.periods.period import Period, State, month_name
from copq.periods.store import BookedSum, PeriodSummary, SignedSum, Step
from copq.periods.unfinished import UnfinishedItems, unfinished_items
from copq.rates.book import RateBook


def summary_json(one: PeriodSummary) -> dict[str, Any]:
    """A month in one currency; `first_reported` is null if it was never closed."""
    return {**_period_json(one.period), **_copq_json(one)}


@dataclass(frozen=True, slots=True)
class PeriodDetail:
    """A month with its COPQ by currency, its steps, its figures and what it still lacks."""

    period: Period
    copq: list[PeriodSummary]
    steps: list[Step]
    signed_off: list[SignedSum]
    booked_so_far: list[BookedSum]
    unfinished: UnfinishedItems

    @property
    def is_half_closed(self) -> bool:
        """Whether a closing was interrupted before it signed off: it is to be finished."""
        return self.period.state is not State.OPEN and not any(
            step.digest for step in self.steps if step.closing == self.period.closings
        )

    def as_json(self) -> dict[str, Any]:
        return {
            **_period_json(self.period),
            "copq": [_copq_json(one) for one in self.copq],
            "steps": [asdict(step) for step in self.steps],
            "signed_off": [_booked_json(one) for one in self.signed_off],
            "booked_so_far": [_booked_json(one) for one in self.booked_so_far],
            "unfinished": asdict(self.unfinished),
        }


async def period_detail(
    conn: Connection, book: RateBook, plant: str, month: date, now: datetime
) -> PeriodDetail:
    """One month of a plant, in one snapshot. Raises `UnknownPeriod`."""
    site = store.site_of(book, plant)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        return PeriodDetail(
            await store.period(conn, plant, month),
            await store.periods(conn, book, now, plant, month),
            await store.steps(conn, plant, month),
            await store.signed_sums(conn, plant, month),
            await store.unsigned_sums(conn, plant, month),
            await unfinished_items(conn, site, month),
        )


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
