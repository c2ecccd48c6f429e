"""The checks of an event on arrival, the same for every way in."""

from datetime import datetime
from typing import Any, Self

from copq.access.sender import Sender
from copq.ingest.names import Names
from copq.pricing.clock_check import check_not_future
from copq.rates.book import RateBook
from copq.schemas.decode import decode
from copq.schemas.events import Event
from copq.schemas.refusal import Refusal, Refused


class Unreadable(bytes):
    """A message refused before any event could be read; stored as received, with the reason."""

    refusal: Refusal

    def __new__(cls, raw: bytes, refusal: Refusal) -> Self:
        self = super().__new__(cls, raw)
        self.refusal = refusal
        return self


def check(
    raw: bytes, now: datetime, sender: Sender, names: Names | None = None,
    book: RateBook | None = None,
) -> Event:  # fmt: skip
    """The event of a message. Raises `Refused` if it is none, or `sender` may not report it.

    `names` counts those that the sender brings and `book` does not know.
    """
    if isinstance(raw, Unreadable):
        raise Refused(raw.refusal)
    event = decode(raw)
    check_not_future(event, now)
    _check_scope(event, sender)
    if names is not None and book is not None:
        names.check(event, sender.name, book)
        if event.event_type == "correction" and event.replacement is not None:
            names.check(event.replacement, sender.name, book)
    return event


def _check_scope(event: Any, sender: Sender) -> None:
    if not sender.may_report(event.plant, event.line):
        message = (
            f'line "{event.line}" of plant "{event.plant}" is not for {sender.name} to report; '
            "ask an admin for a token that names it"
        )
        raise Refused(Refusal("out_of_scope", "line", message))
    if event.event_type == "correction" and event.replacement is not None:
        _check_scope(event.replacement, sender)
