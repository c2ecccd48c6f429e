"""The course of a counter across messages, births and restarts, and its history.

An interval between two readings is remembered where history may still arrive for it: before a
birth, at a reset, and where it is long. Readings that arrive late are read again together with
the two ends. If that changes what was made, the events of the interval are replaced.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

import msgspec

from copq.ingest.mqtt.counter import CountedIncrease, Counter, Course, Reading, UncountedReading
from copq.ingest.mqtt.counter_rules import Rules
from copq.ingest.mqtt.memory import Memory
from copq.ingest.mqtt.timeline import utc

KEPT = 50
"""Intervals of a counter that are remembered."""
MOST_LATE = 1000
"""Late readings of an interval."""
_LONG = timedelta(minutes=1)


@dataclass(slots=True)
class ReportedIncrease:
    """An increase that was reported, with the ids of its events."""

    at: str
    value: Decimal
    increase: Decimal
    product: str
    ids: list[str]


@dataclass(slots=True)
class Interval:
    """The time between two accepted readings; `late` are readings that arrived afterwards."""

    first: Reading
    last: Reading
    booked: list[ReportedIncrease]
    late: list[Reading] = field(default_factory=list)


class Book(Protocol):
    """Receives the increases of a counter."""

    def product(self, at: str) -> str:
        """The product made at that time. Raises `Refused` if it is unknown."""
        ...

    def book(self, counted: CountedIncrease, version: int) -> list[str]:
        """Report an increase and return the ids of its events."""
        ...

    def void(self, booked: ReportedIncrease, version: int) -> None: ...

    def leave(self, uncounted: UncountedReading) -> None:
        """Show a reading that is not counted."""
        ...

    def remark(self, text: str) -> None: ...


class _StoredCourse(msgspec.Struct):
    course: Course
    replaced: int = 0
    """How often history replaced reported increases: part of the ids of events."""
    doubtful: list[ReportedIncrease] = []
    """What was reported after the oldest doubt of the course."""


_decode = msgspec.json.Decoder(_StoredCourse).decode
_decode_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_interval = msgspec.json.Decoder(Interval).decode


class RememberedCounter:
    """One counter of a memory. `read` reports the increase of a reading to a book."""

    def __init__(self, memory: Memory, name: str, rules: Rules, book: Book) -> None:
        self._memory, self._name, self.rules, self._book = memory, name, rules, book

    def is_back(self, reading: Reading) -> bool:
        """Whether the reading shows that earlier accepted readings were misread."""
        kept = self._load()
        return (
            kept is not None
            and bool(kept.course.doubts)
            and reading.at > kept.course.last.at
            and Counter(kept.course, self.rules).is_back(reading)
        )

    def read(self, reading: Reading, peers_returned: bool = False) -> None:
        """Read a value. Raises `Refused`; the caller must then undo changes of the memory."""
        kept = self._load()
        if kept is None:
            self._book.remark(f"begins at {reading.value}: what it counts from here on")
            self._keep(_StoredCourse(Course(reading, since=reading.at)))
        elif reading.at > kept.course.last.at:
            self._newer(kept, reading, peers_returned)
        elif reading.at < kept.course.last.at or reading.value != kept.course.last.value:
            self._older(kept, reading)

    def _newer(self, kept: _StoredCourse, reading: Reading, peers_returned: bool) -> None:
        counter = Counter(kept.course, self.rules, peers_returned)
        counter.read(reading)
        if counter.back_to is not None:
            self._void_after(counter.back_to, kept)
        intervals = [self._report(counted, kept) for counted in counter.counted]
        for uncounted in counter.uncounted:
            self._book.leave(uncounted)
        kept.course = counter.course
        self._keep(kept)
        if fresh := [interval for interval in intervals if interval is not None]:
            self._keep_intervals([*self._raw_intervals(), *fresh])

    def _void_after(self, before: Reading, kept: _StoredCourse) -> None:
        """Void all increases after a reading: the counter was misread since."""
        kept.replaced += 1
        for booked in kept.doubtful:
            if booked.at > before.at:
                self._book.void(booked, kept.replaced)
        kept.doubtful = [booked for booked in kept.doubtful if booked.at <= before.at]
        self._keep_intervals([each for each in self._intervals() if each.last.at <= before.at])

    def _report(self, counted: CountedIncrease, kept: _StoredCourse) -> Interval | None:
        reading, since = counted.reading, counted.since
        if counted.how == "reset":
            self._book.remark(f"was reset after {since.value}: {reading.value} since")
        elif counted.how == "rollover":
            self._book.remark(f"rolled over from {since.value} to {reading.value}")
        booked = self._book_one(counted, kept)
        gap = datetime.fromisoformat(reading.at) - datetime.fromisoformat(since.at)
        if counted.how == "reset" or reading.birth or gap >= _LONG:
            return Interval(since, reading, booked)
        return None

    def _book_one(self, counted: CountedIncrease, kept: _StoredCourse) -> list[ReportedIncrease]:
        if not counted.increase:
            return []
        product = self._book.product(counted.reading.at)
        ids = self._book.book(counted, kept.replaced)
        reading = counted.reading
        booked = ReportedIncrease(reading.at, reading.value, counted.increase, product, ids)
        kept.doubtful = [*kept.doubtful, booked]
        return [booked]

    def _older(self, kept: _StoredCourse, reading: Reading) -> None:
        """Read an older value: history, a repeated or reordered message, or a clock set back."""
        last, intervals = kept.course.last, self._intervals()
        in_run = reading.at >= kept.course.since
        within = [i for i in intervals if i.first.at < reading.at < i.last.at]
        if in_run and reading.value > last.value and not reading.historical:
            self._after_a_step_back(kept, reading)
        elif within:
            self._insert(kept, within[-1], reading)
            self._keep_intervals(intervals)
        elif in_run and reading.value <= last.value:
            self._leave("counted_already", reading, "the last reading holds it already", False)
        elif in_run:
            self._leave("contradiction", reading, f"the later reading is {last.value}", True)
        else:
            why = "it is older than the readings that are remembered"
            self._leave("too_late", reading, why, reading.historical)

    def _after_a_step_back(self, kept: _StoredCourse, reading: Reading) -> None:
        """Count a live value above the last at an earlier time: the clock was set back.

        While the last fall or jump may have been misread, such a value proves nothing.
        """
        last = kept.course.last
        if kept.course.doubts or not Counter(kept.course, self.rules).allows(reading):
            self._leave("contradiction", reading, f"the later reading is {last.value}", True)
            return
        self._book_one(CountedIncrease(reading, last, reading.value - last.value), kept)
        kept.course = kept.course._replace(last=Reading(last.at, reading.value))
        self._keep(kept)

    def _insert(self, kept: _StoredCourse, interval: Interval, reading: Reading) -> None:
        """Read the interval again with a late reading."""
        ends = {interval.first.at, interval.last.at, *(late.at for late in interval.late)}
        if reading.at in ends:
            return
        late = sorted([*interval.late, reading])
        counter = Counter(Course(interval.first, fastest=kept.course.fastest), self.rules)
        for each in [*late, interval.last, _confirming(interval.last)]:
            counter.read(each)
        if counter.course.last.value != interval.last.value or len(late) > MOST_LATE:
            why = f"the later reading is {interval.last.value}"
            self._leave("contradiction", reading, why, True)
            return
        interval.late = late
        counted = [c for c in counter.counted if c.increase]
        if _is_one_peak(interval, counter):
            why = f"the later reading is {interval.last.value}, and no other one confirms it"
            self._leave("contradiction", reading, why, True)
        elif self._sums(counted) == _booked_sums(interval):
            if not (lost := [u for u in counter.uncounted if u.lost and u.reading == reading]):
                why = "the next reading holds it already"
                self._leave("counted_already", reading, why, False)
            for uncounted in lost:
                self._book.leave(uncounted)
        else:
            self._replace(kept, interval, counted)

    def _sums(self, counted: list[CountedIncrease]) -> dict[str, Decimal]:
        return _sums((self._book.product(c.reading.at), c.increase) for c in counted)

    def _replace(
        self, kept: _StoredCourse, interval: Interval, counted: list[CountedIncrease]
    ) -> None:
        """Void increases that are now different, and report the missing ones."""
        kept.replaced += 1
        wanted = {(c.reading.at, c.increase, self._book.product(c.reading.at)): c for c in counted}
        standing: list[ReportedIncrease] = []
        for booked in interval.booked:
            if wanted.pop((booked.at, booked.increase, booked.product), None) is not None:
                standing.append(booked)
            else:
                self._book.void(booked, kept.replaced)
                kept.doubtful = [other for other in kept.doubtful if other.ids != booked.ids]
        for each in wanted.values():
            standing += self._book_one(each, kept)
        interval.booked = standing
        self._book.remark("has history that changes what was made: counted by its readings")
        self._keep(kept)

    def _leave(self, code: str, reading: Reading, why: str, lost: bool) -> None:
        said = f"was {reading.value} at {reading.at[:19]}Z, and {why}: not counted"
        self._book.leave(UncountedReading(code, said, reading, lost))

    def _load(self) -> _StoredCourse | None:
        raw = self._memory.raw(f"counter/{self._name}")
        return None if raw is None else _decode(raw)

    def _keep(self, kept: _StoredCourse) -> None:
        doubts = kept.course.doubts
        since = doubts[0].before.at if doubts else None
        kept.doubtful = [b for b in kept.doubtful if since is not None and b.at > since]
        self._memory.put(f"counter/{self._name}", kept)

    def _intervals(self) -> list[Interval]:
        return [_decode_interval(raw) for raw in self._raw_intervals()]

    def _raw_intervals(self) -> list[msgspec.Raw]:
        """The intervals without decoding: most readings only append one."""
        raw = self._memory.raw(f"intervals/{self._name}")
        return [] if raw is None else _decode_raws(raw)

    def _keep_intervals(self, intervals: Sequence[Interval | msgspec.Raw]) -> None:
        self._memory.put(f"intervals/{self._name}", intervals[-KEPT:])


def _confirming(reading: Reading) -> Reading:
    """A reading that confirms the last one of an interval."""
    after = datetime.fromisoformat(reading.at) + timedelta(microseconds=1)
    return reading._replace(at=utc(after), birth=False)


def _is_one_peak(interval: Interval, counter: Counter) -> bool:
    """Whether a single late reading is above both ends, and so may be misread."""
    top = max(interval.first.value, interval.last.value)
    above = [late for late in interval.late if late.value > top]
    grew = interval.last.value >= interval.first.value
    return grew and len(above) == 1 and any(c.how == "reset" for c in counter.counted)


def _booked_sums(interval: Interval) -> dict[str, Decimal]:
    return _sums((booked.product, booked.increase) for booked in interval.booked)


def _sums(parts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for product, increase in parts:
        sums[product] = sums.get(product, Decimal(0)) + increase
    return sums
