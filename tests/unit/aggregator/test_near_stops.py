"""Pieces that are joined from what lies near them make the stops that all pieces make."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.ledger.calendar import next_hour, this_hour
from copq.ledger.downtime import Stop, end_of, ended_stops, segments, segments_of
from copq.posting.near_stops import Kept, Near, Span, join_near, touches
from copq.posting.stops import stop_durations
from tests.support.searching import examples
from tests.unit.aggregator.test_downtime import BERLIN, stop


class Line:
    """What is stored of a line's stops, and how often all of them were read."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.read_all = 0

    def add(self, stops: list[Stop]) -> None:
        """A batch, as it is posted; then all that is stored is as if it were worked out at once."""
        self.kept |= {s.event_id: Kept(s, s.started_at, s.ended_at) for s in stops}
        first, last = min(s.started_at for s in stops), max(map(end_of, stops))
        span = (this_hour(BERLIN, first), next_hour(BERLIN, last))
        near, every = join_near(self.near(span), span), [kept.stop for kept in self.kept.values()]
        right = stop_durations(every)
        if near is None:
            self.read_all += 1
        else:
            assert segments_of(near.wholes, BERLIN, *span) == self.segments(span)
        self.store(right if near is None else near.lasting)
        assert {i: (k.began_at, k.over_at) for i, k in self.kept.items()} == right

    def segments(self, span: Span) -> Any:
        return segments(ended_stops(kept.stop for kept in self.kept.values()), BERLIN, *span)

    def near(self, span: Span) -> Iterable[Kept]:
        """As `stops_near` answers."""
        found = {
            i: k for i, k in self.kept.items() if touches(k.stop.started_at, end_of(k.stop), span)
        }
        begun = {(_kind(k), k.began_at) for k in found.values() if k.over_at is None}
        first = {
            i: k for i, k in self.kept.items()
            if k.over_at is not None and (_kind(k), k.stop.started_at) in begun
        }  # fmt: skip
        return (found | first).values()

    def store(self, lasts: Any) -> None:
        for event_id, (began_at, over_at) in lasts.items():
            self.kept[event_id] = Kept(self.kept[event_id].stop, began_at, over_at)


def _kind(kept: Kept) -> tuple[Any, ...]:
    return kept.stop.work_unit, kept.stop.defect_code, kept.stop.planned


@st.composite
def histories(draw: st.DrawFn) -> list[list[Stop]]:
    """Batches of stops within a few hours, of which many adjoin, overlap or begin together."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 60), st.integers(1, 12), st.sampled_from([1, 1, 1, 20]),
                st.integers(1, 3), st.sampled_from([None, "m1"]),
                st.sampled_from([False, False, False, True]), st.sampled_from([None, None, "jam"]),
                st.integers(-1, 2),
            ), min_size=1, max_size=14,
        )
    )  # fmt: skip
    found = []
    for n, (first, lasts, times, rate, unit, planned, code, gap) in enumerate(rows):
        one = stop(
            10 * first, 10 * (first + lasts * times), rate, event_id=f"e{n}", work_unit=unit,
            planned=planned, defect_code=code,
        )  # fmt: skip
        found.append(replace(one, ended_at=end_of(one) + timedelta(milliseconds=500 * gap)))
    return _batches(draw, found)


@st.composite
def chains(draw: st.DrawFn) -> list[list[Stop]]:
    """Batches of pieces of one long stop in any order, some of them missing, and of two others."""
    count = draw(st.integers(2, 16))
    missing = draw(st.sets(st.integers(0, count - 1), max_size=2))
    pieces = [
        stop(25 * n, 25 * n + 25, 1 + n % 3, event_id=f"p{n}")
        for n in range(count) if n not in missing
    ]  # fmt: skip
    others = st.tuples(st.integers(0, 25 * count), st.integers(5, 200))
    pieces += [
        stop(first, first + lasts, 7, event_id=f"o{n}", work_unit="m1")
        for n, (first, lasts) in enumerate(draw(st.lists(others, max_size=2)))
    ]
    return _batches(draw, list(draw(st.permutations(pieces)))) if pieces else []


def _batches(draw: st.DrawFn, stops: list[Stop]) -> list[list[Stop]]:
    cuts = draw(st.sets(st.integers(1, len(stops)), max_size=8)) | {0, len(stops)}
    return [stops[a:b] for a, b in pairwise(sorted(cuts))]


@examples(3)
@given(batches=st.one_of(histories(), chains()))
def test_what_is_stored_and_booked_is_what_all_pieces_make(batches: list[list[Stop]]) -> None:
    line = Line()
    for batch in batches:
        line.add(batch)


@pytest.mark.parametrize("overlap", [0, 15])
@pytest.mark.parametrize("size", [1, 7])
def test_a_stop_that_grows_by_its_end_is_never_read_as_a_whole(overlap: int, size: int) -> None:
    line = Line()
    pieces = [stop(10 * n, 10 * n + 10 + overlap, 1 + n % 3) for n in range(140)]
    for start in range(0, len(pieces), size):
        line.add(pieces[start : start + size])
    assert line.read_all == 0
    assert len(list(line.near((pieces[-1].started_at, end_of(pieces[-1]))))) <= 5


def test_a_piece_before_the_first_needs_all() -> None:
    line = Line()
    for n in reversed(range(100)):
        line.add([stop(10 * n, 10 * n + 10, n)])
    assert line.read_all > 0


def test_a_first_piece_that_is_missing_needs_all() -> None:
    pieces = [stop(0, 10), stop(10, 20)]
    span = (pieces[0].started_at, end_of(pieces[1]))
    assert join_near([Kept(pieces[1], pieces[0].started_at, None)], span) is None
    near = join_near([Kept(p, p.started_at, p.ended_at) for p in pieces], span)
    assert isinstance(near, Near) and len(near.wholes) == 1
