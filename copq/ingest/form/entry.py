"""An entry of the form, read and checked: its numbers and its period."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from babel import Locale

from copq.ingest.form.numbers import NotANumber, read_number
from copq.ingest.form.period import Mistakes, Period, period_of
from copq.ingest.form.problem import COUNTS, MINUTES, PAID, TEXTS, ReportedProblem
from copq.ingest.form.sheet import Sheet
from copq.schemas.names import canonical, fault_of_name

ZERO = Decimal(0)
ENGLISH = Locale("en")
UNITS = ("produced", "good", "sent_back", "scrapped", "reworked_on_site", "scrapped_on_site")
MONEY = ("transport", "travel")
_LONGEST_TEXT = 64


def reject_field(stage: str) -> str:
    return f"reject:{stage}"


def reason_field(stage: str) -> str:
    return f"reason:{stage}"


@dataclass(frozen=True, slots=True)
class Reject:
    """Units rejected at a stage; `number` is the stage's place in the process, from 1."""

    number: int
    stage: str
    units: Decimal
    defect_code: str | None


class OnSite(NamedTuple):
    """Units at the customer's site; `shared`: scrapped, and counted with those sent back."""

    reworked: Decimal
    scrapped: Decimal
    shared: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """The numbers of a period; 0 if a field is blank."""

    sheet: Sheet
    period: Period
    amounts: Mapping[str, Decimal]
    rejects: tuple[Reject, ...]
    shift: str | None
    problem: ReportedProblem
    none_came_back: bool = False
    """None of the units scrapped at the customer's site is among those sent back."""

    @property
    def on_site(self) -> OnSite:
        """The units at the customer's site: reworked, scrapped or shared."""
        handled, scrapped = self.amounts["reworked_on_site"], self.amounts["scrapped_on_site"]
        shared = ZERO if self.none_came_back else min(scrapped, self.amounts["scrapped"])
        return OnSite(handled - scrapped, scrapped - shared, shared)


def read_entry(
    filled: Mapping[str, str], sheet: Sheet, now: datetime, locale: Locale = ENGLISH
) -> Entry:
    """The entry of a filled-in form. Raises `Mistakes` with all mistakes at once."""
    mistakes: dict[str, str] = {}
    period = _period(filled, sheet, now, mistakes)
    amounts = {name: _number(filled, name, locale, mistakes) for name in (*UNITS, *MONEY)}
    rejects = tuple(
        Reject(number, stage, units, _text(filled, reason_field(stage), mistakes))
        for number, stage in enumerate(sheet.stages, 1)
        if (units := _number(filled, reject_field(stage), locale, mistakes))
    )
    _check_stages(filled, sheet, mistakes)
    shift = _text(filled, "shift", mistakes)
    problem = _problem(filled, locale, mistakes)
    has_more = bool(rejects) or problem.has_effort
    _check_together(amounts, mistakes, has_more=has_more)
    if mistakes or period is None:
        raise Mistakes(mistakes)
    none_came_back = bool(filled.get("none_came_back"))
    entry = Entry(sheet, period, amounts, rejects, shift, problem, none_came_back)
    _check_travel(entry)
    return entry


def _check_travel(entry: Entry) -> None:
    site = entry.on_site
    if entry.amounts["travel"] and not site.reworked + site.scrapped:
        why = "No unit is left that this was for: all of them came back. Enter it as transport"
        raise Mistakes({"travel": why})


def _period(
    filled: Mapping[str, str], sheet: Sheet, now: datetime, mistakes: dict[str, str]
) -> Period | None:
    try:
        return period_of(filled, sheet.calendar, now)
    except Mistakes as found:
        mistakes |= found.by_field
        return None


def _number(
    filled: Mapping[str, str], name: str, locale: Locale, mistakes: dict[str, str]
) -> Decimal:
    """A number without sign; 0 if it is blank or has a mistake."""
    try:
        return read_number(filled.get(name, ""), locale) or ZERO
    except NotANumber as why:
        mistakes[name] = str(why)
        return ZERO


def _problem(
    filled: Mapping[str, str], locale: Locale, mistakes: dict[str, str]
) -> ReportedProblem:
    names = {name: _text(filled, name, mistakes) for name in TEXTS}
    numbers = {name: _number(filled, name, locale, mistakes) for name in (MINUTES, PAID, *COUNTS)}
    problem = ReportedProblem(
        numbers[MINUTES], numbers[PAID], {name: text for name, text in names.items() if text},
        {name: numbers[name] for name in COUNTS},
    )  # fmt: skip
    if not mistakes.keys() & {*TEXTS, *numbers}:
        mistakes |= problem.mistakes()
    return problem


def _text(filled: Mapping[str, str], name: str, mistakes: dict[str, str]) -> str | None:
    text = canonical(filled.get(name, ""))
    if len(text) > _LONGEST_TEXT:
        mistakes[name] = f"At most {_LONGEST_TEXT} characters"
    elif fault := fault_of_name(text):
        mistakes[name] = f"This {fault}"
    return text or None


def _check_stages(filled: Mapping[str, str], sheet: Sheet, mistakes: dict[str, str]) -> None:
    """Check the stages: those of another day may differ from those of the form."""
    known = {reject_field(stage) for stage in sheet.stages}
    for name, text in filled.items():
        if name.startswith(reject_field("")) and text and name not in known:
            stages = ", ".join(sheet.stages)
            mistakes[""] = (
                f"Stage {name.removeprefix(reject_field(''))} is not in use in this period. "
                f"Its stages are {stages}: fill them in again"
            )


def _check_together(
    amounts: Mapping[str, Decimal], mistakes: dict[str, str], *, has_more: bool
) -> None:
    if amounts["good"] > amounts["produced"]:
        mistakes.setdefault("good", "More good units than were produced")
    if amounts["scrapped"] > amounts["sent_back"]:
        mistakes.setdefault("scrapped", "More units scrapped than were sent back")
    if amounts["scrapped_on_site"] > amounts["reworked_on_site"]:
        why = "More units scrapped there than there were: the number above includes them"
        mistakes.setdefault("scrapped_on_site", why)
    if amounts["transport"] and not amounts["sent_back"]:
        mistakes.setdefault("sent_back", "How many units was the transport for?")
    if amounts["travel"] and not amounts["reworked_on_site"]:
        mistakes.setdefault("reworked_on_site", "How many units was the travel for?")
    if not mistakes and not has_more and not any(amounts.values()):
        mistakes[""] = "Nothing is filled in yet: enter at least one number"
