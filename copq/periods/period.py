"""A period: a plant and a month, with its state and steps. Values only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from copq.ledger.calendar import Calendar


class PeriodError(ValueError):
    """The step is not possible for this month; the message says why and what to do."""


class UnknownPeriod(PeriodError):
    """The plant or month is unknown; the message lists the known ones."""


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    LOCKED = "locked"


class What(StrEnum):
    """The kind of a step."""

    CLOSED = "closed"
    REOPENED = "reopened"
    LOCKED = "locked"


LEADS_TO = {
    What.CLOSED: (State.OPEN, State.CLOSED),
    What.REOPENED: (State.CLOSED, State.OPEN),
    What.LOCKED: (State.CLOSED, State.LOCKED),
}
"""The state before and after each step. No step leaves the locked state."""


@dataclass(frozen=True, slots=True)
class Period:
    """A month's current state. `month` is its first day. Late events go to `booked_in` if it is
    closed."""

    plant: str
    month: date
    state: State = State.OPEN
    closings: int = 0
    first_closed_at: datetime | None = None
    booked_in: date | None = None

    def refuse(self, what: What) -> None:
        """Raise `PeriodError` unless the step is possible in this state."""
        if self.state is not LEADS_TO[what][0]:
            raise PeriodError(f"{self} is {self.state}: {_REFUSED[what, self.state]}")

    def __str__(self) -> str:
        return f"{month_name(self.month)} of {self.plant}"


_REFUSED = {
    (What.CLOSED, State.CLOSED): "it need not be closed again",
    (What.CLOSED, State.LOCKED): "it stays as it is",
    (What.REOPENED, State.OPEN): "it need not be reopened",
    (What.REOPENED, State.LOCKED): "it stays locked; late events are booked in the open month",
    (What.LOCKED, State.OPEN): "close it first, with: copq periods close",
    (What.LOCKED, State.LOCKED): "it need not be locked again",
}


def month_name(month: date) -> str:
    return f"{month:%Y-%m}"


def month_of(text: str) -> date:
    """The first day of a month such as `2026-03`. Raises `UnknownPeriod`."""
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise UnknownPeriod(f'"{text}" is not a month: write it as 2026-03') from None


def month_after(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def month_before(month: date) -> date:
    """The first day of the month before."""
    return (month.replace(day=1) - timedelta(days=1)).replace(day=1)


def year_before(month: date) -> date:
    """The first day of the same month of the year before."""
    return month.replace(year=month.year - 1, day=1)


def span(month: date, calendar: Calendar) -> tuple[datetime, datetime]:
    """The start of the month in the plant, and its exclusive end."""
    return calendar.start_of(month), calendar.start_of(month_after(month))
