"""A mapping's `time_format`: refused where it would drop something that it reads."""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo

_DIRECTIVE = re.compile(r"%([-_^#0]?.?)", re.DOTALL)
_ADJOINING = re.compile(r"%[dmyYHIMSjf]%[dmyYHIMSjf]")
"""Numbers without anything between them, which can be cut in more than one way."""
_WORD = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)*")
_HALVES = frozenset({"am", "pm", "a.m", "p.m"})
_UTC = frozenset({"Z", "UTC", "GMT"})
_ZONES = frozenset({
    "ACST", "ADT", "AEDT", "AEST", "AKDT", "AKST", "AST", "AWST", "BST", "CDT", "CEST", "CET",
    "CST", "EDT", "EEST", "EET", "EST", "HST", "IST", "JST", "KST", "MDT", "MESZ", "MEZ", "MSK",
    "MST", "NZDT", "NZST", "PDT", "PST", "SAST", "SGT", "WEST", "WET",
})  # fmt: skip
_WEEKDAYS = {"a": "%a", "A": "%A"}
_DATES = ({"d", "m"}, {"d", "b"}, {"d", "B"}, {"j"})
_USED = frozenset("YydmbBjHIMSfpzaA%")
_READ = _USED - {"%"}
_UNUSED = {
    "Z": "%Z reads a zone's name and drops it: set time_zone and leave the name out of the file, "
    "or write an offset and read it with %z",
    **dict.fromkeys("cxX", "%{0} depends on the machine's language: name each part of the time"),
    **dict.fromkeys("UWwuVG", "%{0} is read and dropped: write the date with %Y, %m and %d"),
}


def directives(pattern: str) -> list[str]:
    return _DIRECTIVE.findall(pattern)


def reads_time(pattern: str) -> bool:
    """Whether it reads a time of day, not a date alone."""
    return bool({"H", "I"} & set(directives(pattern)))


def pattern_faults(
    pattern: str, has_production_day: bool, zone: tzinfo | None = None
) -> Iterator[str]:
    """A sentence for each thing that makes the pattern lose or invent a part of the time."""
    yield from _word_faults(pattern, zone)
    found = directives(pattern)
    unknown = [name for name in found if name not in _USED]
    yield from (_unused(name) for name in dict.fromkeys(unknown))
    twice = sorted({f"%{name}" for name in found if name in _READ and found.count(name) > 1})
    if twice:
        yield f"reads {', '.join(twice)} twice"
    if not unknown:
        yield from _date_faults(set(found))
        yield from _clock_faults(set(found), has_production_day)


def _word_faults(pattern: str, zone: tzinfo | None) -> Iterator[str]:
    """Words that stand in every time and are compared alone: they may not say what it means."""
    for word in dict.fromkeys(_WORD.findall(_DIRECTIVE.sub(" ", pattern))):
        if word.lower() in _HALVES:
            yield f'"{word}" is read and dropped: write %I for the hour, and %p for AM and PM'
        elif word in _UTC | _ZONES and not _names_zone(word, zone):
            yield f'"{word}" names a time zone and is dropped: {_zone_remedy(word)}'


def _names_zone(word: str, zone: tzinfo | None) -> bool:
    """Whether it is what the mapping's time zone is called in every month."""
    wanted = _UTC if word in _UTC else {word}
    return zone is not None and all(
        datetime(2026, month, 1, tzinfo=zone).tzname() in wanted for month in range(1, 13)
    )


def _zone_remedy(word: str) -> str:
    if word == "Z":
        return "write %z in its place, which reads it"
    if word in _UTC:
        return "set time_zone to UTC"
    return "leave it out of the file and set time_zone to the place, or write an offset for %z"


def _unused(name: str) -> str:
    if len(name) > 1:
        return f"%{name} is for writing alone: %{name[1]} reads it with and without a leading zero"
    return _UNUSED.get(name, "%{0} is not a part of a time that can be read").format(name)


def _date_faults(found: set[str]) -> Iterator[str]:
    if len(found & {"Y", "y"}) != 1:
        yield "needs the year once: %Y, or %y for two digits"
    if found & set("dmbBj") not in _DATES:
        yield "needs the day and the month once: %d with %m, %b or %B"


def _clock_faults(found: set[str], has_production_day: bool) -> Iterator[str]:
    if "p" in found and "I" not in found:
        yield (
            "%p counts only with %I, the hour on a 12-hour clock: with %H, 01:30 PM would be "
            "read as 01:30"
        )
    if "I" in found and "p" not in found:
        yield "%I is the hour on a 12-hour clock: add %p for AM and PM, or write %H"
    if {"H", "I"} <= found:
        yield "reads the hour twice: %H is on a 24-hour clock, %I with %p on a 12-hour clock"
    for part, whole in (("f", {"S"}), ("S", {"M"}), ("M", {"H", "I"})):
        if part in found and not whole & found:
            yield f"reads %{part} without %{min(whole)}"
    if not found & {"H", "I"} and not has_production_day:
        yield (
            "reads a date without a time: add the time (%H:%M), or set production_day to the time "
            "at which the plant's day begins, if the date is a production day"
        )


class TimePattern:
    """Reads texts by a pattern that has no faults."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        found = directives(pattern)
        self._weekdays = [_WEEKDAYS[name] for name in found if name in _WEEKDAYS]
        self._plain = pattern.replace("%f", "").replace("%z", "")
        self._adjoining = _ADJOINING.search(pattern) is not None

    def read(self, text: str) -> datetime:
        """Raises `ValueError` where it is written otherwise, or names another day of the week."""
        found = datetime.strptime(text, self._pattern)  # noqa: DTZ007 - the zone is added
        if any(found.strftime(day).casefold() not in text.casefold() for day in self._weekdays):
            raise ValueError("another day of the week")
        if self._adjoining and not _same_digits(found.strftime(self._plain), text):
            raise ValueError("fewer digits than the pattern")
        return found


def _same_digits(formatted: str, text: str) -> bool:
    """Whether both have the same numbers: "130" as %H%M is not 13:00."""
    wanted, found = ([n.lstrip("0") for n in re.findall(r"\d+", t)] for t in (formatted, text))
    return found[: len(wanted)] == wanted


def swapped(pattern: str) -> str | None:
    """The pattern with day and month in the other order."""
    if "%d" not in pattern or "%m" not in pattern:
        return None
    return pattern.replace("%d", "%\0").replace("%m", "%d").replace("%\0", "%m")
