"""When a project runs: from its start until it lapses or is cancelled, and again once reopened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from copq.improvement.projects.states import State

ENDED = (State.LAPSED, State.CANCELLED)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Production days, both ends included; without an end, `last` is `date.max`."""

    first: date
    last: date = date.max

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def within(self, first: date, last: date) -> "Span | None":
        """Its days from the first to the last; None without one."""
        first, last = max(self.first, first), min(self.last, last)
        return Span(first, last) if first <= last else None


def running_spans(starts: date, steps: Iterable[tuple[State, date]]) -> tuple[Span, ...]:
    """The spans of a project that starts on a day, from the states that its steps led to and the
    production days on which they were taken. The days of both steps around a gap are in a span."""
    found: list[Span] = []
    for span in _between(steps):
        inside = span.within(starts, date.max)
        if inside is None:
            continue
        if found and inside.first - found[-1].last <= _DAY:
            inside = Span(found.pop().first, inside.last)
        found.append(inside)
    return tuple(found)


def _between(steps: Iterable[tuple[State, date]]) -> Iterator[Span]:
    """The spans between the steps that end a project, whenever it starts."""
    first: date | None = date.min
    for state, day in steps:
        if first is not None and state in ENDED:
            yield Span(first, day)
            first = None
        elif first is None and state not in ENDED:
            first = day
    if first is not None:
        yield Span(first)
