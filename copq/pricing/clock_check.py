"""The one rule for events that needs a clock."""

from datetime import datetime, timedelta

from copq.schemas.events import CorrectableEvent, Event
from copq.schemas.refusal import Refusal, Refused

TOLERANCE = timedelta(hours=24)
"""The clock or the offset of a plant may be wrong; an error of more than a day is refused."""


def check_not_future(event: Event, now: datetime) -> None:
    """Raise `Refused` if an event, its end or its replacement is more than a day in the future."""
    check_until(event, now + TOLERANCE)


def check_until(event: Event | CorrectableEvent, latest: datetime) -> None:
    """As `check_not_future`, with the latest instant that is accepted."""
    _check("occurred_at", event.occurred_at, latest)
    if event.event_type == "downtime" and event.ended_at is not None:
        _check("ended_at", event.ended_at, latest)
    elif event.event_type == "correction" and event.replacement is not None:
        check_until(event.replacement, latest)


def _check(field: str, at: datetime, latest: datetime) -> None:
    if at > latest:
        message = f"{field} {at.isoformat()} is more than a day ahead of the clock"
        raise Refused(Refusal("in_the_future", field, message))
