"""A period: a plant and a month, its state, and the steps that led there. Values alone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.ledger.calendar import Calendar


class PeriodError(ValueError):
    """It cannot be done with this month; the message says why and what to do."""


class UnknownPeriod(PeriodError):
    """There is no such plant, or no such month; the message says which there are."""


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    LOCKED = "locked"


class What(StrEnum):
    """A step."""

    CLOSED = "closed"
    REOPENED = "reopened"
    LOCKED = "locked"


LEADS_TO = {
    What.CLOSED: (State.OPEN, State.CLOSED),
    What.REOPENED: (State.CLOSED, State.OPEN),
    What.LOCKED: (State.CLOSED, State.LOCKED),
}
"""From which state to which each step leads. Nothing leads out of locked."""


@dataclass(frozen=True, slots=True)
class Period:
    """As it is now. `month` is its first day; late events go to `booked_in` if it is not open."""

    plant: str
    month: date
    state: State = State.OPEN
    closings: int = 0
    first_closed_at: datetime | None = None
    booked_in: date | None = None

    def refuse(self, what: What) -> None:
        """Raises `PeriodError` unless the step can be taken from its state."""
        if self.state is not LEADS_TO[what][0]:
            raise PeriodError(f"{self} is {self.state}: {_REFUSED[what, self.state]}")

    def __str__(self) -> str:
        return f"{named(self.month)} of {self.plant}"


_REFUSED = {
    (What.CLOSED, State.CLOSED): "it need not be closed again",
    (What.CLOSED, State.LOCKED): "it stays as it is",
    (What.REOPENED, State.OPEN): "it need not be reopened",
    (What.REOPENED, State.LOCKED): "it stays locked; late events are booked in the open month",
    (What.LOCKED, State.OPEN): "close it first, with: copq periods close",
    (What.LOCKED, State.LOCKED): "it need not be locked again",
}


def named(month: date) -> str:
    return f"{month:%Y-%m}"


def month_of(text: str) -> date:
    """`2026-03`, as its first day. Raises `UnknownPeriod`."""
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise UnknownPeriod(f'"{text}" is not a month: write it as 2026-03') from None


def after(month: date) -> date:
    """The first of the next month."""
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def span(month: date, calendar: Calendar) -> tuple[datetime, datetime]:
    """The instants at which the month starts and ends in the plant, the second not in it."""
    return calendar.start_of(month), calendar.start_of(after(month))
