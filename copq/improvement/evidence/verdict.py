"""What can be said about a saving today: one status, with its words and its figures."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from copq.improvement.evidence.days import LEAST_DAYS, Days
from copq.improvement.evidence.erosion import RECENT, WEEK, Erosion, Lasting, erosion
from copq.improvement.evidence.interval import Interval, interval
from copq.improvement.evidence.sequential import (
    FIRST_LOOK,
    TYPICAL_SAVING,
    days_to_prove,
    watch,
)

QUARTER = 91
"""Production days. A proven saving is established over whole quarters; after them it may erode,
and before the first one nothing is called not proven."""

YEAR = 365
"""Days since the start before which every status is provisional."""


class Status(StrEnum):
    TOO_EARLY = "too early to say"
    PROVEN = "proven"
    NOT_PROVEN = "not proven"
    ERODING = "eroding"
    LOST = "lost"


class Promised(StrEnum):
    """How the 90 % interval of the saving compares with the promise."""

    KEPT = "kept"
    MISSED = "missed"
    OPEN = "open"
    """The promise is within the interval."""

    NOTHING = "nothing promised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The status of a saving on the last of its days, and what it rests on.

    Shares are of what the baseline lets expect. None where it cannot be said.
    """

    status: Status
    lacking: str = ""
    """Which days are missing, if nothing can be computed."""

    days: int = 0
    """Production days since the start."""

    is_provisional: bool = True
    """The start is less than a year ago."""

    promised: Promised = Promised.NOTHING
    log_evidence: float = 0.0
    """The natural logarithm of the e-value, for `e_discoveries` over a portfolio."""

    proven_after: int | None = None
    """Production days."""

    sought: float = TYPICAL_SAVING
    """The promised share, or the usual one."""

    days_needed: int | None = None
    """Production days after which `sought` is proven in four of five cases."""

    saving: Interval | None = None
    """Money of all days since the start."""

    share: float | None = None
    low: float | None = None
    """The bounds of the 90 % interval of the share."""

    high: float | None = None
    share_of_late: float | None = None
    """Saved in the last `RECENT` production days."""

    alarm_on: date | None = None
    """The day on which it was first clear that losses rise again."""

    @property
    def words(self) -> str:
        """One to three sentences for a controller."""
        return self.lacking or " ".join(_SENTENCES[self.status](self))


def _change(found: Verdict) -> str:
    assert found.share is not None and found.low is not None and found.high is not None
    direction = "lower" if found.share >= 0 else "higher"
    return (
        f"Losses are {abs(found.share):z.1%} {direction} than the baseline lets expect"
        f" (90 % interval of the saving: {found.low:z.1%} to {found.high:z.1%})."
    )


def _wait(found: Verdict) -> str:
    if found.days_needed is None:
        return (
            f"A saving of {found.sought:z.1%} cannot be proven here within five years: losses vary"
            " too much. Choose a larger scope or a longer baseline."
        )
    return (
        f"A saving of {found.sought:z.1%} is usually proven after {found.days_needed} production"
        f" days; {found.days} have passed."
    )


def _proof(found: Verdict) -> str:
    return f"The saving was proven after {found.proven_after} production days."


def _rise(found: Verdict) -> str:
    late = f"{found.share_of_late:z.1%} in the last {min(RECENT, found.days)} production days"
    return f"Losses have risen again: the saving was {late}."


_SENTENCES: dict[Status, Callable[[Verdict], tuple[str, ...]]] = {
    Status.TOO_EARLY: lambda found: (_change(found), _wait(found)),
    Status.NOT_PROVEN: lambda found: (_change(found), _wait(found)),
    Status.PROVEN: lambda found: (_change(found), _proof(found)),
    Status.ERODING: lambda found: (_proof(found), _rise(found)),
    Status.LOST: lambda found: (_proof(found), _rise(found), "It cannot be told from zero."),
}

_OF_EROSION = {
    Lasting.HOLDING: Status.PROVEN,
    Lasting.NOT_ENOUGH_DATA: Status.PROVEN,
    Lasting.ERODING: Status.ERODING,
    Lasting.LOST: Status.LOST,
}


def verdict(baseline: Days, since: Days, promised_share: float | None = None) -> Verdict:
    """What the days since the start say about a saving; it may be asked daily.

    `promised_share` is the promised money over the expected losses of the same time; None if
    nothing was promised. With too few days the status says that it is too early.
    """
    lacking = _lacking(baseline, since)
    if lacking:
        return Verdict(status=Status.TOO_EARLY, lacking=lacking, days=len(since))
    return _Case(baseline, since, promised_share).verdict()


def _lacking(baseline: Days, since: Days) -> str:
    if len(baseline) < LEAST_DAYS:
        return f"The baseline has {len(baseline)} production days: {LEAST_DAYS} are needed."
    if baseline.level <= 0:
        return "The baseline lost nothing, so there is nothing to save."
    if len(since) < FIRST_LOOK:
        return f"{len(since)} production days since the start: {FIRST_LOOK} are needed."
    return ""


class _Case:
    """A saving with enough days."""

    def __init__(self, baseline: Days, since: Days, promised: float | None) -> None:
        self._baseline, self._since = baseline, since
        self._promised = promised if promised and promised > 0 else None
        self._watch = watch(baseline, since)
        self._needed = days_to_prove(baseline, self._promised or TYPICAL_SAVING)
        self._saving = interval(baseline, since)
        self._money = baseline.level * float(since.expected.sum())
        self._established, self._eroded = self._erosion()

    def verdict(self) -> Verdict:
        since = self._since
        return Verdict(
            status=self._status,
            days=len(since),
            is_provisional=int(since.number[-1] - since.number[0]) + 1 < YEAR,
            promised=self._kept,
            log_evidence=float(self._watch.log_evidence[-1]),
            proven_after=self._watch.proven_after,
            sought=self._promised or TYPICAL_SAVING,
            days_needed=self._needed,
            saving=self._saving,
            share=self._saving.saving / self._money,
            low=self._saving.low / self._money,
            high=self._saving.high / self._money,
            share_of_late=1 - since.part(-RECENT).level / self._baseline.level,
            alarm_on=self._alarm,
        )

    @property
    def _status(self) -> Status:
        if self._watch.proven_after:
            return _OF_EROSION[self._eroded.status]
        waited = len(self._since) >= max(QUARTER, self._needed or 0)
        return Status.NOT_PROVEN if waited else Status.TOO_EARLY

    @property
    def _kept(self) -> Promised:
        if self._promised is None:
            return Promised.NOTHING
        if self._saving.low >= self._promised * self._money:
            return Promised.KEPT
        return (
            Promised.MISSED if self._saving.high < self._promised * self._money else Promised.OPEN
        )

    def _erosion(self) -> tuple[int, Erosion]:
        """Over how many days the saving was established, and what became of it after them."""
        proven = self._watch.proven_after
        if proven is None:
            return 0, Erosion(Lasting.NOT_ENOUGH_DATA)
        established = -(-proven // QUARTER) * QUARTER
        if self._saving.saving <= 0:
            return established, Erosion(Lasting.LOST)
        realised = self._since.part(0, established)
        return established, erosion(self._baseline, realised, self._since.part(established))

    @property
    def _alarm(self) -> date | None:
        if self._eroded.raised_after is None:
            return None
        place = self._established + WEEK * self._eroded.raised_after - 1
        return date.fromordinal(int(self._since.number[place]))
