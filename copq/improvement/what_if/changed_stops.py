"""Stops as they would have been: shorter, or not at all; the union of a line follows from them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from copq.improvement.what_if.changes import EventChange
from copq.ledger.arithmetic import MONEY, ROUNDING
from copq.ledger.downtime import Stop, Whole, end_of

_MICROSECOND = timedelta(microseconds=1)
_OF_STOPS = ("product", "defect_code", "work_unit", "shift")
"""The names of a stop, next to its plant and line. A stop has no stage and no supplier."""


def change_stops(
    wholes: Iterable[Whole], changes: Mapping[int, EventChange], plant: str, line: str
) -> tuple[list[Whole], dict[int, set[str]]]:
    """The stops of a line with the numbered changes, and the events that each change applied to.

    Adjoining pieces are one stop: its first piece says whether a change names it. A stop that keeps
    a share of its time ends earlier.
    """
    applied: dict[int, set[str]] = {number: set() for number in changes}
    changed: list[Whole] = []
    for whole in wholes:
        left: Whole | None = whole
        for number, change in changes.items():
            if left is not None and names_stop(change, left.first, plant, line):
                applied[number] |= {piece.event_id for piece in left.pieces}
                left = _shorten(left, change.factor or Decimal(0))
        changed += [left] if left is not None else []
    return changed, applied


def names_stop(change: EventChange, stop: Stop, plant: str, line: str) -> bool:
    """Whether the stop has all names of the change."""
    if change.stage is not None or not change.names.keys() <= {*_OF_STOPS, *_PLACES}:
        return False
    own = {name: getattr(stop, name) for name in _OF_STOPS}
    own |= {"plant": plant, "line": line, "event_type": "downtime"}
    return all(own[field] == name for field, name in change.names.items())


_PLACES = ("plant", "line", "event_type")


def _shorten(whole: Whole, factor: Decimal) -> Whole | None:
    """The stop with a share of its time, to the microsecond; None without any."""
    lasted = Decimal((whole.ended_at - whole.started_at) // _MICROSECOND)
    kept = MONEY.multiply(lasted, factor).to_integral_value(ROUND_HALF_UP, context=ROUNDING)
    end = whole.started_at + int(kept) * _MICROSECOND
    pieces = tuple(_until(whole.pieces, end))
    return Whole(pieces, end) if pieces else None


def _until(pieces: Iterable[Stop], end: datetime) -> Iterator[Stop]:
    for piece in pieces:
        if piece.started_at < end:
            yield piece if end_of(piece) <= end else replace(piece, ended_at=end)
