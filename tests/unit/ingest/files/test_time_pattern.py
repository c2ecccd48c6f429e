"""Time formats that would drop or invent a part of a time are refused with the mapping."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from copq.ingest.files.faults import FileError, MappingError
from copq.ingest.files.survey import survey
from copq.ingest.files.time_pattern import TimePattern, pattern_faults
from tests.support.ingest.files.converting import events, refusal, row, small


def mapping_with(time_format: str, more: str = "") -> Any:
    return small(**{"name: mill": f"time_format: '{time_format}'\n{more}\nname: mill"})


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("%m/%d/%Y %H:%M %p", "with %H, 01:30 PM would be read as 01:30"),
        ("%m/%d/%Y %I:%M", "add %p for AM and PM"),
        ("%m/%d/%Y %I:%M %H %p", "reads the hour twice"),
        ("%d.%m.%Y %H:%M %Z", "%Z reads a zone's name and drops it"),
        ("%d.%m.%Y", "reads a date without a time"),
        ("%H:%M", "needs the year once"), ("%m.%Y %H:%M", "needs the day and the month once"),
        ("%d.%m. %H:%M", "needs the year once"), ("%Y %y-%m-%d %H:%M", "needs the year once"),
        ("%Y-W%W-%w %H:%M", "%W is read and dropped"), ("%c", "depends on the machine"),
        ("%Y-%m-%d %j %H:%M", "needs the day and the month once"),
        ("%Y-%m-%d %H:%M %d", "reads %d twice"), ("%Y-%m-%d %H:%S", "reads %S without %M"),
        ("%Y-%m-%dT%H:%M:%SZ", '"Z" names a time zone and is dropped: write %z in its place'),
        ("%d.%m.%Y %H:%M UTC", '"UTC" names a time zone and is dropped: set time_zone to UTC'),
        ("%d.%m.%Y %H:%M (CET)", '"CET" names a time zone and is dropped: leave it out'),
        ("%d.%m.%Y %H:%M PM", '"PM" is read and dropped: write %I for the hour, and %p'),
        ("%d.%m.%Y %I:%M p.m.", '"p.m" is read and dropped'),
        ("%-d.%m.%Y %H:%M", "%-d is for writing alone: %d reads it"),
        ("%d.%m.%Y %#H:%M", "%#H is for writing alone: %H reads it"),
        ("%Y-%m-%d %H:%M %q", "%q is not a part of a time"), ("%Y-%m-%d %H:%M %", "% is not a"),
    ],
)  # fmt: skip
def test_pattern_that_loses_a_part_is_refused(pattern: str, fault: str) -> None:
    with pytest.raises(MappingError) as refused:
        mapping_with(pattern)
    assert fault in str(refused.value) and str(refused.value).startswith("time_format: ")


@pytest.mark.parametrize(
    "pattern",
    [
        "%d.%m.%Y %H:%M", "%m/%d/%y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y%m%d%H%M%S",
        "%a %d %b %Y %H:%M", "%Y-%j %H", "%d-%B-%Y %H:%M", "%d. %B %Y um %H:%M Uhr",
    ],
)  # fmt: skip
def test_pattern_that_reads_a_whole_time_is_not(pattern: str) -> None:
    assert list(pattern_faults(pattern, has_production_day=False)) == []


@pytest.mark.parametrize(
    ("zone", "word"),
    [("UTC", "Z"), ("Etc/GMT", "GMT"), ("Asia/Tokyo", "JST"), ("Etc/UTC", "UTC")],
)
def test_zone_name_that_is_that_of_the_mapping_all_year_is_none_that_is_lost(
    zone: str, word: str
) -> None:
    assert not list(pattern_faults(f"%Y-%m-%d %H:%M {word}", False, ZoneInfo(zone)))
    assert list(pattern_faults(f"%Y-%m-%d %H:%M {word}", False, ZoneInfo("Europe/London")))


def test_twelve_hour_clock() -> None:
    us = mapping_with("%m/%d/%Y %I:%M %p")
    times = [events(us, [row(at=at)])[0]["occurred_at"] for at in
             ("02/03/2026 01:30 PM", "02/03/2026 12:15 AM", "02/03/2026 12:15 pm")]  # fmt: skip
    assert [time[11:16] for time in times] == ["13:30", "00:15", "12:15"]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("%Y%m%d %H%M", "20260203 130"), ("%a %d.%m.%Y %H:%M", "Mon 03.02.2026 08:00")],
)
def test_text_that_the_pattern_reads_as_another_time_is_refused(pattern: str, text: str) -> None:
    with pytest.raises(ValueError):
        TimePattern(pattern).read(text)


def test_day_and_month_the_other_way_round_refuse_the_file(tmp_path: Path) -> None:
    """The rows up to the twelfth of a month would be booked on wrong days."""
    lines = "02/03/2026 08:00,P,A,s,3\n02/13/2026 08:00,P,A,s,3\n"
    (tmp_path / "a.csv").write_text("at,press,item,step,scrap\n" + lines)
    with pytest.raises(FileError, match=r'line 3: day and month .* to "%m/%d/%Y %H:%M"'):
        survey(tmp_path / "a.csv", mapping_with("%d/%m/%Y %H:%M"))


def test_date_without_a_time_is_refused_or_the_production_day_that_begins_then() -> None:
    for date in ("2026-02-01", "20260201"):
        refused = refusal(small(), row(at=date))
        assert refused.field == "occurred_at"
        assert "is a date without a time" in refused.message
        assert "production_day" in refused.message
    mapping = small(**{"name: mill": "production_day: '06:00'\nname: mill"})
    assert [e["occurred_at"][:16] for e in events(mapping, [row(at="2026-02-01")])] == [
        "2026-02-01T06:00"
    ]
    german = mapping_with("%d.%m.%Y", "production_day: '22:00'")
    assert events(german, [row(at="01.02.2026")])[0]["occurred_at"][:16] == "2026-02-01T22:00"


def test_a_directive_that_is_written_alone_is_named_once() -> None:
    assert len(list(pattern_faults("%-d.%-m.%Y %-H:%M", has_production_day=False))) == 3
    assert len(list(pattern_faults("%-d/%-d %q %q", has_production_day=False))) == 2


def test_dates_written_as_midnights_are_refused_or_production_days(tmp_path: Path) -> None:
    path, days = tmp_path / "a.csv", "production_day: '06:00'\nname: mill"
    mapping = small(**{"name: mill": days})
    lines = "2026-02-01 00:00:00,P4,A,s,3\n2026-02-02 00:00:00,P4,A,s,3\n"
    path.write_text("at,press,item,step,scrap\n" + lines)
    with pytest.raises(FileError, match=r'midnight in every row.*line 2.*"%Y-%m-%d 00:00:00"'):
        survey(path, mapping)
    survey(path, small())
    path.write_text(path.read_text() + "2026-02-02 00:05:00,P4,A,s,3\n")
    survey(path, mapping)
    remedied = mapping_with("%Y-%m-%d 00:00:00", "production_day: '06:00'")
    made = events(remedied, [row(at="2026-02-01 00:00:00")])
    assert made[0]["occurred_at"][:16] == "2026-02-01T06:00"


@pytest.mark.parametrize(
    ("begins", "at"), [("02:30", "03:00-04:00"), ("03:00", "03:00-04:00"), ("01:45", "01:45-05:00")]
)
def test_a_production_day_that_the_clock_skips_begins_after_the_gap(begins: str, at: str) -> None:
    mapping = small(**{"name: mill": f"production_day: '{begins}'\nname: mill"})
    occurred = events(mapping, [row(at="2026-03-08")])[0]["occurred_at"]
    assert occurred[:16] + occurred[19:] == f"2026-03-08T{at}"


def test_stops_from_a_date_to_a_date_are_refused() -> None:
    text = (
        "production_day: '06:00'\nname: mill",
        "  - {type: downtime, id: [press], fields: {started_at: at, ended_at: at}}\n",
    )
    mapping = small(**{"name: mill": text[0], "events:\n": f"events:\n{text[1]}"})
    assert "map a column with both" in refusal(mapping, row(at="2026-02-01")).message
