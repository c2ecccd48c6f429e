"""New pieces of a stop with many pieces, joined without reading the whole stop.

A piece that makes a stop longer does not change earlier pieces: all pieces cost the rate of the
first piece, and only the first piece stores when the whole stop was over.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from copq.ledger.downtime import TOLERANCE, Stop, Whole, end_of

Span = tuple[datetime, datetime]
Lasting = tuple[datetime, datetime | None]
_Kind = tuple[str | None, str | None, bool]
_START = attrgetter("started_at", "event_id")


class Kept(NamedTuple):
    """An ended stop, and the stored facts of the whole stop that it is a piece of."""

    stop: Stop
    began_at: datetime
    over_at: datetime | None
    """When the whole stop was over; None for all pieces but the first."""


class Near(NamedTuple):
    """The whole stops in a span. Each has its first piece and the pieces that touch the span."""

    wholes: list[Whole]
    lasting: dict[str, Lasting]


class _Part(NamedTuple):
    """The stored facts of a whole stop, and its `pieces` in the span."""

    first: Stop
    over: datetime
    pieces: list[Stop]


def join_near(kept: Iterable[Kept], span: Span) -> Near | None:
    """The whole stops, with the pieces that were added within the span joined to their neighbours.

    `kept` holds all stops that touch the span, and the first piece of each of their whole stops.
    Returns None if a piece outside the span would change: then read whole stops instead.
    """
    known = list(kept)
    near = [one for one in known if touches(one.stop.started_at, end_of(one.stop), span)]
    reports = Counter((one.stop.work_unit, one.stop.started_at) for one in near)
    by_kind = _parts(known, near)
    if by_kind is None or max(reports.values(), default=0) > 1:
        return None
    joined = [_join(parts, span) for parts in by_kind]
    whole = [one for group in joined if group is not None for one in group]
    return None if None in joined else Near(whole, dict(_durations(whole)))


def touches(start: datetime, end: datetime, span: Span) -> bool:
    return start <= span[1] + TOLERANCE and end >= span[0] - TOLERANCE


def _parts(known: list[Kept], near: list[Kept]) -> Iterable[list[_Part]] | None:
    """Parts by machine, reason and kind, in the order of time; None if a first piece is missing."""
    firsts = {(_kind(k.stop), k.began_at): k for k in known if k.over_at is not None}
    pieces: dict[tuple[_Kind, datetime], list[Stop]] = defaultdict(list)
    for one in near:
        pieces[_kind(one.stop), one.began_at].append(one.stop)
    if not pieces.keys() <= firsts.keys():
        return None
    by_kind: dict[_Kind, list[_Part]] = defaultdict(list)
    for (kind, began_at), stops in pieces.items():
        first = firsts[kind, began_at]
        assert first.over_at is not None
        by_kind[kind].append(_Part(first.stop, first.over_at, stops))
    return [sorted(parts, key=lambda part: _START(part.first)) for parts in by_kind.values()]


def _kind(stop: Stop) -> _Kind:
    return stop.work_unit, stop.defect_code, stop.planned


def _join(parts: list[_Part], span: Span) -> list[Whole] | None:
    """The joined stops; None if one that gets another first piece extends beyond the span."""
    joined: list[_Part] = []
    for part in parts:
        if not joined or part.first.started_at > joined[-1].over + TOLERANCE:
            joined.append(part)
        elif part.first.started_at >= span[0] and part.over <= span[1]:
            first, over, pieces = joined[-1]
            joined[-1] = _Part(first, max(over, part.over), pieces + part.pieces)
        else:
            return None
    return [_whole(part) for part in joined]


def _whole(part: _Part) -> Whole:
    rest = sorted((s for s in part.pieces if s.event_id != part.first.event_id), key=_START)
    return Whole((part.first, *rest), part.over)


def _durations(wholes: Iterable[Whole]) -> Iterator[tuple[str, Lasting]]:
    for whole in wholes:
        yield from lasting_of(whole)


def lasting_of(whole: Whole) -> Iterator[tuple[str, Lasting]]:
    """The stored facts of each piece: when the whole stop began and, for the first, when it was
    over."""
    for piece in whole.pieces:
        yield piece.event_id, (whole.started_at, whole.ended_at if piece is whole.first else None)
