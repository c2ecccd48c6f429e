"""What a counter's readings say: steps, resets, rollovers, and readings that cannot be true.

Pure: a course and a new reading make a new course, what is to be counted, and what is not. A
reading that contradicts the one before is held until the next one decides.
"""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from copq.ingest.mqtt.counter_rules import Rules

_ZERO = Decimal(0)
_RESTART = Decimal("0.9")
"""At a birth a value below this share of the last one is taken for a reset."""
_SUSPICIOUS = 100
"""A step this many times faster than the fastest so far waits for the next reading …"""
_UNSUSPICIOUS = 1000
"""… unless it is at most this many units."""
_RETURN = 10
"""A step this many times faster than the fastest so far is not a count but a return …"""
_SOON = 2
"""… and one this many times faster, right after a fall, if it ends near the value before it."""
_DOUBTED = 10
"""Increases after a jump or a fall until it can no longer have been a misreading."""
_EARLY = Decimal("1.1")
"""A step this much over the most may have been read a little early."""
_SLOW = Decimal("0.1")
"""Units a minute that any counter may reach."""


class Reading(NamedTuple):
    """A counter's value at an instant, in ISO 8601 in UTC. `birth`: of a birth certificate."""

    at: str
    value: Decimal
    birth: bool = False
    historical: bool = False


class Doubt(NamedTuple):
    """A jump or a fall that was confirmed, and may still have been misread several times."""

    before: Reading
    """The last reading before it."""
    fastest: Decimal
    """Of the course before it."""
    rate: Decimal = _ZERO
    """Units a minute of a jump that was counted."""
    increases: int = 0
    """What was counted after it."""
    since: str = ""
    """Of the course before it."""


class Course(NamedTuple):
    """The last accepted reading, and the data to judge the next one."""

    last: Reading
    held: Reading | None = None
    """A reading that contradicts `last`: the next one decides between them."""
    fastest: Decimal = _ZERO
    """Units a minute."""
    doubts: tuple[Doubt, ...] = ()
    """Oldest first."""
    since: str = ""
    """When the value began to grow without a reset in between."""


class CountedIncrease(NamedTuple):
    """An increase that is counted at a reading. `how`: step, reset or rollover."""

    reading: Reading
    since: Reading
    increase: Decimal
    how: str = "step"


class UncountedReading(NamedTuple):
    """A reading that is not counted. `lost`: it is over; otherwise it may still be counted."""

    code: str
    message: str
    reading: Reading
    lost: bool = True


class Counter:
    """Follows one counter. After `read`, `course` is to be kept."""

    def __init__(self, course: Course, rules: Rules, peers_returned: bool = False) -> None:
        """`peers_returned`: another counter of the message was misread, and is back."""
        self.course, self._rules = course, rules
        self._peers_returned = peers_returned
        self.counted: list[CountedIncrease] = []
        self.uncounted: list[UncountedReading] = []
        self.back_to: Reading | None = None
        """What was counted after it was misread: it is to be voided."""

    def read(self, reading: Reading) -> None:
        """Take a reading later than the last one, in its order with one that is held."""
        held = self.course.held
        if held is None or reading.at > held.at:
            self._one(reading)
        elif reading.at < held.at:
            self.course = self.course._replace(held=None)
            self._one(reading)
            self._one(held)
            if self.course.held == held:
                self.uncounted.pop()  # it was shown as held before
        elif reading.value != held.value:
            why = f"is {reading.value} and {held.value} at the same time"
            self.uncounted.append(UncountedReading("contradiction", why, reading))

    def allows(self, reading: Reading) -> bool:
        """Whether the step from the last reading is plausible."""
        last = self.course.last
        return self._is_plausible(last, reading, reading.value - last.value)

    def _one(self, reading: Reading) -> None:
        if (doubt := self._misread(reading)) is not None:
            self._return(doubt, reading)
            return
        last = self.course.last
        restarts = last.value < 0 <= reading.value and not self.allows(reading)
        if reading.value < last.value or restarts:
            self._below(reading)
        else:
            self._above(reading)

    def _above(self, reading: Reading) -> None:
        last, held = self.course.last, self.course.held
        increase = reading.value - last.value
        plausible = self._is_plausible(last, reading, increase)
        if (
            held is not None
            and last.value < held.value <= reading.value
            and (not plausible or self._is_jump(held, reading))
        ):
            self._confirm_jump(held, reading)
        elif plausible and not self._is_suspicious(reading, increase):
            if held is not None and last.value <= held.value <= reading.value:
                self.course = self.course._replace(held=None)  # the step counts it
            self._accept(reading, increase)
        else:
            self._hold(reading)

    def _below(self, reading: Reading) -> None:
        last, held = self.course.last, self.course.held
        rollover = self._rules.rollover(last.value, reading.value)
        if rollover is not None and self._is_plausible(last, reading, rollover):
            self._accept(reading, rollover, "rollover")
        elif reading.value < 0:
            why = f"is {reading.value} after {last.value}, which counts nothing"
            self.uncounted.append(UncountedReading("invalid_value", why, reading))
        elif _is_dip(last, reading) and not _is_nearer(held, reading, last):
            self._drop_held()
            why = f"dips from {last.value} to {reading.value}: counted on from {last.value}"
            self.uncounted.append(UncountedReading("dip", why, reading, lost=False))
        elif held is not None and held.value <= reading.value and _falls(last, held):
            self._confirm_fall(held, reading)
        else:
            self._hold(reading)

    def _accept(self, reading: Reading, increase: Decimal, how: str = "step") -> None:
        self._drop_held()
        last, minutes = self.course.last, _minutes(self.course.last, reading)
        self.counted.append(CountedIncrease(reading, last, increase, how))
        rate = increase / minutes
        if increase > _UNSUSPICIOUS and rate > _SUSPICIOUS * self.course.fastest:
            doubts = self._doubts(rate)
        elif increase:
            doubts = _still_doubted(self.course.doubts, rate)
        else:
            doubts = self.course.doubts
        fastest = max(self.course.fastest, rate)
        self.course = self.course._replace(last=reading, fastest=fastest, doubts=doubts)

    def _hold(self, reading: Reading) -> None:
        self._drop_held()
        self.course = self.course._replace(held=reading)
        why = f"is {reading.value} after {self.course.last.value}: held until the next reading"
        self.uncounted.append(UncountedReading("held", why, reading, lost=False))

    def _drop_held(self) -> None:
        held, last = self.course.held, self.course.last
        if held is None:
            return
        why = (
            f"was {held.value} once, after {last.value}: a misreading, not counted. If the counter "
            "was reset in between, report what it made with an event of your own"
        )
        self.uncounted.append(UncountedReading("misreading", why, held))
        self.course = self.course._replace(held=None)

    def _is_jump(self, held: Reading, reading: Reading) -> bool:
        """Whether a held value is so high that it was not only read a little early."""
        last = self.course.last
        increase = held.value - last.value
        if self.allows(held):
            return True
        most = _EARLY * self._rules.most_per_minute * _minutes(last, held)
        goes_on = 2 * (reading.value - held.value) / _minutes(held, reading)
        return increase > most and goes_on < increase / _minutes(last, held)

    def _confirm_jump(self, held: Reading, reading: Reading) -> None:
        """Two readings agree on a value far above the last."""
        last = self.course.last
        self.course = self.course._replace(held=None)
        if self._is_plausible(last, held, held.value - last.value):
            self._accept(held, held.value - last.value)
        elif self._is_plausible(held, reading, reading.value - held.value):
            self._refuse_step(last, held, held.value - last.value)
            self.course = self.course._replace(last=held, since=held.at, doubts=self._doubts())
        else:
            self._refuse_step(last, held, held.value - last.value)
            self._hold(reading)
            return
        self._one(reading)

    def _confirm_fall(self, held: Reading, reading: Reading) -> None:
        """Two readings agree on a value below the last: a reset, or a counter set back."""
        last = self.course.last
        if not _is_reset(last, held):
            why = (
                f"fell from {last.value} to {held.value}: counted on from there. If it was reset "
                f"and not set back, report the {held.value} since with an event of your own"
            )
            self.uncounted.append(UncountedReading("set_back", why, held))
        elif self._is_plausible(last, held, held.value):
            self.counted.append(CountedIncrease(held, last, held.value, "reset"))
        else:
            self._refuse_step(last, held, held.value)
        self.course = Course(held, None, self.course.fastest, self._doubts(), since=held.at)
        self._one(reading)

    def _doubts(self, rate: Decimal = _ZERO) -> tuple[Doubt, ...]:
        """The doubts, with a new one about the readings after the last."""
        course = self.course
        doubt = Doubt(course.last, course.fastest, rate, since=course.since)
        return (*course.doubts, doubt)[-_DOUBTED:]

    def _refuse_step(self, last: Reading, reading: Reading, increase: Decimal) -> None:
        most, minutes = self._rules.most_per_minute, _minutes(last, reading)
        why = (
            f"went from {last.value} to {reading.value} in {minutes:.0f} min, more than "
            f"{most:f} a minute: these {increase} are not counted. If they were made, raise "
            "most_per_minute and report them with an event of your own"
        )
        self.uncounted.append(UncountedReading("implausible_step", why, reading))

    def is_back(self, reading: Reading) -> bool:
        """Whether this later reading shows that a jump or a fall before it was misread."""
        return self._misread(reading) is not None

    def _misread(self, reading: Reading) -> Doubt | None:
        doubts = reversed(self.course.doubts)
        return next((doubt for doubt in doubts if self._returns(doubt, reading)), None)

    def _returns(self, doubt: Doubt, reading: Reading) -> bool:
        """Whether the value before the doubt is back, and a little more."""
        last, before = self.course.last, doubt.before
        increase = reading.value - before.value
        if increase < 0 or not self._is_plausible(before, reading, increase):
            return False
        if last.value > reading.value:
            usual = _SUSPICIOUS * doubt.fastest * _minutes(before, reading)
            return before.value > 0 and not (increase > _UNSUSPICIOUS and 0 < usual < increase)
        if last.value >= before.value:
            return False
        return (self._peers_returned and not doubt.increases) or self._leaps(doubt, reading)

    def _leaps(self, doubt: Doubt, reading: Reading) -> bool:
        """Whether the step from the fallen value is too fast for a count."""
        last, before = self.course.last, doubt.before
        rate = max(doubt.fastest, _SLOW)
        is_near = reading.value - before.value <= _SOON * rate * _minutes(before, reading)
        times = _SOON if is_near and not doubt.increases else _RETURN
        return reading.value - last.value > times * rate * _minutes(last, reading)

    def _return(self, doubt: Doubt, reading: Reading) -> None:
        course, before = self.course, doubt.before
        self._show_return(before, reading)
        if self.back_to is None or before.at < self.back_to.at:
            self.back_to = before
        self.counted = [each for each in self.counted if each.reading.at <= before.at]
        doubts = course.doubts[: course.doubts.index(doubt)]
        self.course = Course(before, course.held, doubt.fastest, doubts, doubt.since)
        self._accept(reading, reading.value - before.value)

    def _show_return(self, before: Reading, reading: Reading) -> None:
        wrong = self.course.last
        why = (
            f"was {wrong.value} several times, after {before.value}, and is {reading.value} "
            "again: a misreading. What was counted since is voided. If the counter was reset in "
            "between, report what it made with an event of your own"
        )
        self.uncounted.append(UncountedReading("misreading", why, wrong))

    def _is_plausible(self, since: Reading, reading: Reading, increase: Decimal) -> bool:
        return increase <= self._rules.most_per_minute * _minutes(since, reading)

    def _is_suspicious(self, reading: Reading, increase: Decimal) -> bool:
        course = self.course
        usual = _SUSPICIOUS * course.fastest * _minutes(course.last, reading)
        return increase > _UNSUSPICIOUS and 0 < usual < increase


def _minutes(since: Reading, reading: Reading) -> Decimal:
    """Between two readings, at least one."""
    seconds = datetime.fromisoformat(reading.at) - datetime.fromisoformat(since.at)
    return max(Decimal(1), abs(Decimal(seconds.total_seconds())) / 60)


def _still_doubted(doubts: tuple[Doubt, ...], rate: Decimal) -> tuple[Doubt, ...]:
    """After an increase at this rate, which may show that a jump was not faster than others."""
    return tuple(
        doubt._replace(increases=doubt.increases + 1)
        for doubt in doubts
        if doubt.increases < _DOUBTED and not 0 < doubt.rate <= _SUSPICIOUS * rate
    )


def _falls(last: Reading, held: Reading) -> bool:
    """A counter that passed to negative values falls to zero upwards."""
    return held.value < last.value or last.value < 0 <= held.value


def _is_dip(last: Reading, reading: Reading) -> bool:
    tolerance = min(max(Decimal(1), last.value / 100), last.value / 2)
    return last.value > 0 < reading.value and last.value - reading.value <= tolerance


def _is_nearer(held: Reading | None, reading: Reading, last: Reading) -> bool:
    """Whether a reading below the last is at least as near to one that is held below it."""
    if held is None or held.value > reading.value:
        return False
    return reading.value - held.value <= last.value - reading.value


def _is_reset(last: Reading, held: Reading) -> bool:
    share = _RESTART if held.birth else Decimal("0.5")
    return last.value < 0 or held.value <= last.value * share
