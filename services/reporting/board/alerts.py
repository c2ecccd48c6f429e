"""What a supervisor must see first, in one sentence each, from the figures on the board."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from services.reporting.board.targets import Aims
from services.reporting.board.view import Sum, View, is_over
from services.reporting.causes import Cause
from services.reporting.unpriced import UnpricedGroup

SILENT_AFTER = timedelta(minutes=30)
"""A line that sent something today and then nothing for so long has a story to tell."""

FORGOTTEN_AFTER = timedelta(hours=24)
"""A line that has sent nothing for a day is not at work."""

_WORDS = {"downtime": "stops", "defect": "rejects"}


@dataclass(frozen=True, slots=True)
class Part:
    """One of those that an alert counts."""

    text: str
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """`kind` tells where it leads: over, silent, unpriced or rejected."""

    kind: str
    level: str
    text: str
    line: str | None = None
    parts: tuple[Part, ...] = ()


def over_target(
    view: View, by_line: dict[str, Sum], aims: Aims, causes: Mapping[str, Cause]
) -> Iterable[Alert]:
    """The dearest first."""
    for line, hour in sorted(by_line.items(), key=lambda item: (-item[1].copq, item[0])):
        share = aims.share(line, "hour")
        if is_over(hour, share) and hour.share is not None and share is not None:
            text = (
                f"COPQ of line {line} is {percent(hour.share)} (target {percent(share)}), "
                f"{hour.copq:,.0f} {view.currency} in the last hour"
            )
            cause = causes.get(line)
            mostly = f": mostly {worded(cause, view)}" if cause else ""
            yield Alert("over", "critical", text + mostly, line)


def worded(cause: Cause, view: View) -> str:
    """As a person says it: "jam on packer-1 since 14:05", by the plant's clocks."""
    what = cause.defect_code or _WORDS.get(cause.element, cause.element.replace("_", " "))
    where = f" on {cause.work_unit}" if cause.work_unit else ""
    where = where or (f" at {cause.stage}" if cause.stage else "")
    return f"{what}{where}{_since(cause.since, view)}"


def _since(instant: datetime | None, view: View) -> str:
    if instant is None:
        return ""
    at = instant.astimezone(view.calendar.zone)
    today = at.date() == view.now.astimezone(view.calendar.zone).date()
    return f" since {at:%H:%M}" if today else f" since {at.day} {at:%B %H:%M}"


def silent_lines(view: View, newest: dict[str, datetime], stopped: set[str]) -> Iterable[Alert]:
    """A line that stands still is silent for a reason that is shown already."""
    for line, at in sorted(newest.items()):
        age = view.now - at
        if SILENT_AFTER <= age < FORGOTTEN_AFTER and line not in stopped:
            since = at.astimezone(view.calendar.zone)
            minutes = int(age / timedelta(minutes=1))
            text = f"Line {line} is silent since {since:%H:%M} ({minutes} min): nothing was sent"
            yield Alert("silent", "warning", text, line)


def not_in_the_figures(
    view: View, unpriced: list[UnpricedGroup], refused: list[Any]
) -> Iterable[Alert]:
    """`refused` has a code, a field and how many messages of each."""
    events = sum(group.events for group in unpriced)
    if events:
        have = "event has" if events == 1 else "events have"
        reasons = {group.reason for group in unpriced}
        why = next(iter(reasons)) if len(reasons) == 1 else f"{len(reasons)} reasons"
        text = f"{events:,} {have} no price, and no figure holds {_worth(unpriced)}: {why}"
        parts = tuple(_group(view, group) for group in unpriced)
        yield Alert("unpriced", "warning", text, parts=parts)
    rejected = sum(row["messages"] for row in refused)
    if rejected:
        were = "message was" if rejected == 1 else "messages were"
        text = (
            f"{rejected:,} {were} refused in the last 24 hours, of all plants; "
            "see: copq rejected list"
        )
        parts = tuple(
            Part(f"{row['messages']:,} × {row['code']}, field {row['field']}") for row in refused
        )
        yield Alert("rejected", "warning", text, parts=parts)


def _group(view: View, group: UnpricedGroup) -> Part:
    since = _since(group.first_occurred_at, view)
    return Part(f"{group.events:,} of line {group.line}{since}: {group.reason}", group.line)


def _worth(unpriced: list[UnpricedGroup]) -> str:
    """`them`, and what they are worth, about: unknown is said, never left out as nought."""
    worth: dict[str, Decimal] = defaultdict(Decimal)
    for group in unpriced:
        if group.worth is not None and group.currency is not None:
            worth[group.currency] += group.worth
    known = ", ".join(f"{amount:,.0f} {currency}" for currency, amount in worth.items())
    unknown = sum(group.unknown for group in unpriced)
    if not known:
        return "them (what they are worth is unknown)"
    more = f", and {unknown:,} of unknown worth" if unknown else ""
    return f"them (about {known} at the nearest known rates{more})"


def percent(share: Decimal) -> str:
    value = share * 100
    return f"{value:.2f} %" if abs(value) < 1 else f"{value:.1f} %"
