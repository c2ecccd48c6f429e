"""An entry of the form, read and checked: the numbers that were filled in, and their period."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from schemas.fields import DECIMAL_PLACES, MAX_QUANTITY
from schemas.names import canonical, fault_of_name
from services.ingest.form.period import Mistakes, Period, period_of
from services.ingest.form.sheet import Sheet

ZERO = Decimal(0)
UNITS = ("produced", "good", "sent_back", "scrapped", "reworked_on_site", "scrapped_on_site")
MONEY = ("transport", "travel")
_LONGEST_TEXT = 64
_BLANKS = re.compile(r"[\s\u2009\u202f]+")


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


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, in numbers; 0 is none."""

    sheet: Sheet
    period: Period
    amounts: Mapping[str, Decimal]
    rejects: tuple[Reject, ...]
    shift: str | None


def read_entry(filled: Mapping[str, str], sheet: Sheet, now: datetime) -> Entry:
    """The entry that was filled in. Raises `Mistakes`, all of them at once."""
    mistakes: dict[str, str] = {}
    period = _period(filled, sheet, now, mistakes)
    amounts = {name: _number(filled, name, mistakes) for name in (*UNITS, *MONEY)}
    rejects = tuple(
        Reject(number, stage, units, _text(filled, reason_field(stage), mistakes))
        for number, stage in enumerate(sheet.stages, 1)
        if (units := _number(filled, reject_field(stage), mistakes))
    )
    _check_stages(filled, sheet, mistakes)
    shift = _text(filled, "shift", mistakes)
    _check_together(filled, amounts, rejects, mistakes)
    if mistakes or period is None:
        raise Mistakes(mistakes)
    return Entry(sheet, period, amounts, rejects, shift)


def _period(
    filled: Mapping[str, str], sheet: Sheet, now: datetime, mistakes: dict[str, str]
) -> Period | None:
    try:
        return period_of(filled, sheet.calendar, now)
    except Mistakes as found:
        mistakes |= found.by_field
        return None


def _number(filled: Mapping[str, str], name: str, mistakes: dict[str, str]) -> Decimal:
    """A number without sign; 0 where it is blank, or wrong."""
    text = _BLANKS.sub("", filled.get(name, ""))
    if not text:
        return ZERO
    try:
        if not re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,20})?", text):
            raise InvalidOperation
        number = Decimal(text)
    except InvalidOperation:
        mistakes[name] = "Write a number such as 1250 or 12.5, without a comma"
        return ZERO
    if number > MAX_QUANTITY:
        mistakes[name] = f"More than {MAX_QUANTITY:,} cannot be meant"
    elif number != round(number, DECIMAL_PLACES):
        mistakes[name] = f"At most {DECIMAL_PLACES} decimal places"
    return number


def _text(filled: Mapping[str, str], name: str, mistakes: dict[str, str]) -> str | None:
    text = canonical(filled.get(name, ""))
    if len(text) > _LONGEST_TEXT:
        mistakes[name] = f"At most {_LONGEST_TEXT} characters"
    elif fault := fault_of_name(text):
        mistakes[name] = f"This {fault}"
    return text or None


def _check_stages(filled: Mapping[str, str], sheet: Sheet, mistakes: dict[str, str]) -> None:
    """Another day may have had other stages than those that the form was made with."""
    known = {reject_field(stage) for stage in sheet.stages}
    for name, text in filled.items():
        if name.startswith(reject_field("")) and text and name not in known:
            stages = ", ".join(sheet.stages)
            mistakes[""] = (
                f"Stage {name.removeprefix(reject_field(''))} is not in use in this period. "
                f"Its stages are {stages}: fill them in again"
            )


def _check_together(
    filled: Mapping[str, str],
    amounts: Mapping[str, Decimal],
    rejects: tuple[Reject, ...],
    mistakes: dict[str, str],
) -> None:
    if amounts["good"] > amounts["produced"]:
        mistakes.setdefault("good", "More good units than were produced")
    if amounts["scrapped"] > amounts["sent_back"]:
        mistakes.setdefault("scrapped", "More units scrapped than were sent back")
    if amounts["transport"] and not amounts["sent_back"]:
        mistakes.setdefault("sent_back", "How many units was the transport for?")
    if amounts["travel"] and not amounts["reworked_on_site"] + amounts["scrapped_on_site"]:
        mistakes.setdefault("reworked_on_site", "How many units was the travel for?")
    if not mistakes and not rejects and not any(amounts.values()):
        mistakes[""] = "Nothing is filled in yet: enter at least one number"
