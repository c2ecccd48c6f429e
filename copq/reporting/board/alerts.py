"""Alerts for the supervisor, one sentence each, from the figures of the board."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from copq.figures.causes import Cause
from copq.figures.unpriced import UnpricedGroup, UnpricedPart
from copq.ledger.money import fixed, percent
from copq.reporting.board.targets import Aims
from copq.reporting.board.view import Sum, View, is_over

SILENT_AFTER = timedelta(minutes=30)
"""A line is silent if it sent events today, but none for this long."""

FORGOTTEN_AFTER = timedelta(hours=24)
"""A line that has sent nothing for this long is not at work, and not reported."""

_SAME_DAY = timedelta(hours=12)
"""Within this time, a time of day needs no date."""

_WORDS = {"downtime": "stops", "defect": "rejects"}


@dataclass(frozen=True, slots=True)
class Part:
    """One of the items that an alert counts."""

    text: str
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert; its `kind` selects the link: over, no_base, silent, unpriced or rejected."""

    kind: str
    level: str
    text: str
    line: str | None = None
    parts: tuple[Part, ...] = ()


MOST = 50
"""The number of parts of an alert, and of lines over target, that are shown one by one."""


def _first_parts(parts: Iterable[Part], known: int) -> tuple[Part, ...]:
    """The first of `known` parts, and the number of the others."""
    shown = tuple(parts)[:MOST]
    more = known - len(shown)
    return shown if more <= 0 else (*shown, Part(f"and {more:,} more"))


def over_target(
    view: View, by_line: Mapping[str, Sum], aims: Aims, causes: Mapping[str, Cause]
) -> Iterable[Alert]:
    """Lines over target in the last hour, or with costs and no base; the most expensive first."""
    for line, hour in sorted(by_line.items(), key=lambda item: (-item[1].copq, item[0])):
        share = aims.share(line, "1h")
        cause = causes.get(line)
        mostly = f"; mostly {describe_cause(cause, view)}" if cause else ""
        cost = f"{fixed(hour.copq, 0)} {view.currency}"
        if is_over(hour, share) and hour.share is not None and share is not None:
            figures = f"COPQ {percent(hour.share)} (target {percent(share)}), {cost}"
            yield Alert("over", "critical", f"Line {line}, last hour: {figures}{mostly}", line)
        elif share is not None and hour.share is None and hour.copq > 0:
            figures = f"{cost} and no production, so no percentage"
            yield Alert("no_base", "critical", f"Line {line}, last hour: {figures}{mostly}", line)


def describe_cause(cause: Cause, view: View) -> str:
    """A cause in words: "jam on packer-1 since 14:05" or, once it is over, "jam on packer-1, 14:05
    to 14:25", in the plant's time."""
    what = cause.defect_code or _WORDS.get(cause.element, cause.element.replace("_", " "))
    where = f" on {cause.work_unit}" if cause.work_unit else ""
    where = where or (f" at {cause.stage}" if cause.stage else "")
    return f"{what}{where}{_when(cause, view)}"


def _when(cause: Cause, view: View) -> str:
    since, until = cause.since, cause.until
    if until is None:
        return f" since {_clock(since, view)}" if since else ""
    if since is None:
        return f" until {_clock(until, view)}"
    if since == until:
        return f" at {_clock(since, view)}"
    return f", {_clock(since, view)} to {_clock(until, view)}"


def _clock(instant: datetime, view: View) -> str:
    at = instant.astimezone(view.calendar.zone)
    recent = abs(view.now - instant) < _SAME_DAY
    return f"{at:%H:%M}" if recent else f"{at.day} {at:%B %H:%M}"


def silent_lines(view: View, silent: list[tuple[str, datetime]], silence: int) -> Iterable[Alert]:
    """One sentence with the first silent lines as parts; `silence` is the number of all."""
    if len(silent) == 1:
        [(line, at)] = silent
        text = f"Line {line} has sent nothing since {_silence(at, view)}"
        yield Alert("silent", "warning", text, line)
    elif silent:
        since = silent[0][1].astimezone(view.calendar.zone)
        text = f"{silence:,} lines have sent nothing, the first since {since:%H:%M}"
        parts = _first_parts(
            (
                Part(f"Line {line} has sent nothing since {_silence(at, view)}", line)
                for line, at in silent
            ),
            silence,
        )
        yield Alert("silent", "warning", text, parts=parts)


def _silence(at: datetime, view: View) -> str:
    minutes = int((view.now - at) / timedelta(minutes=1))
    return f"{at.astimezone(view.calendar.zone):%H:%M} ({minutes} min)"


def not_in_the_figures(view: View, unpriced: UnpricedPart, refused: list[Any]) -> Iterable[Alert]:
    """Alerts about unpriced events and refused messages.

    `refused` are the most frequent codes and fields, each with its number of messages and the
    number of all messages.
    """
    if unpriced.events:
        have = "event has" if unpriced.events == 1 else "events have"
        one = unpriced.groups[0].reason if unpriced.reasons == 1 else None
        why = one or f"{unpriced.reasons:,} reasons"
        text = f"{unpriced.events:,} {have} no price; the figures lack {_worth(unpriced)}: {why}"
        parts = _first_parts(
            (_group(view, group) for group in unpriced.groups), unpriced.groups_total
        )
        yield Alert("unpriced", "warning", text, parts=parts)
    if refused:
        rejected = refused[0]["messages_total"]
        were = "message was" if rejected == 1 else "messages were"
        text = (
            f"{rejected:,} {were} refused in the last 24 hours, of all plants; "
            "list them with: copq rejected list"
        )
        of = (f"{row['messages']:,} × {row['code']}, field {row['field']}" for row in refused)
        yield Alert(
            "rejected", "warning", text, parts=_first_parts(map(Part, of), refused[0]["kinds"])
        )


def _group(view: View, group: UnpricedGroup) -> Part:
    since = _clock(group.first_occurred_at, view)
    return Part(f"{group.events:,} of line {group.line} since {since}: {group.reason}", group.line)


def _worth(unpriced: UnpricedPart) -> str:
    """`it` or `them`, with an estimate of the cost; an unknown cost is never counted as zero."""
    them, their = ("it", "its") if unpriced.events == 1 else ("them", "their")
    known = ", ".join(f"{fixed(worth, 0)} {currency}" for currency, worth in unpriced.worth.items())
    if not known:
        return f"{them} ({their} cost is unknown)"
    more = f", and {unpriced.unknown:,} of unknown cost" if unpriced.unknown else ""
    return f"{them} (about {known} at the nearest known rates{more})"
