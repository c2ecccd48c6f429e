"""Local times on the nights when clocks change, and times that are none."""

from copq.ingest.files.convert import Converter
from copq.ingest.files.mapping_file import parse_mapping
from copq.ingest.files.rows import Row
from tests.support.ingest.files.converting import STOPS, events, refusal, row, small


def occurred(at: str, **changes: str) -> str:
    return str(events(small(**changes), [row(at=at)])[0]["occurred_at"])


def test_local_time_gets_the_offset_in_force() -> None:
    assert occurred("2026-01-31 14:05") == "2026-01-31T14:05:00-05:00"
    assert occurred("2026-07-31 14:05") == "2026-07-31T14:05:00-04:00"


def test_time_with_an_offset_is_taken_as_it_is() -> None:
    assert occurred("2026-07-31T14:05:00Z") == "2026-07-31T14:05:00+00:00"


def test_time_that_never_was_refuses_the_row() -> None:
    refused = refusal(small(), row(4, at="2026-03-08 02:30"))
    assert (refused.row, refused.field) == (4, "occurred_at")
    assert refused.message == (
        "2026-03-08 02:30 does not exist in America/New_York: clocks went forward then"
    )


def test_time_that_came_twice_is_the_first_and_counted() -> None:
    assert occurred("2026-11-01 01:30") == "2026-11-01T01:30:00-04:00"
    converter = Converter(small())
    times = ["2026-11-01 00:55", "2026-11-01 01:00", "2026-11-01 01:55", "2026-11-01 02:00"]
    list(converter.events([row(at=at) for at in times]))
    assert converter.ambiguous == 2


def test_row_that_makes_no_event_is_not_counted_as_ambiguous() -> None:
    converter = Converter(small())
    list(converter.events([row(at="2026-11-01 01:30", scrap="0")]))
    assert converter.ambiguous == 0


def test_run_goes_on_over_the_hour_that_is_left_out() -> None:
    rows = [
        Row(2, {"at": at, "press": "P4", "state": "off", "reason": "JAM"})
        for at in ("2026-03-08 01:55", "2026-03-08 03:00")
    ]
    (stop,) = events(parse_mapping(STOPS), rows)
    assert stop["started_at"] == "2026-03-08T06:55:00+00:00"
    assert stop["ended_at"] == "2026-03-08T07:05:00+00:00"


def test_time_without_offset_and_zone_refuses_the_row() -> None:
    refused = refusal(small(**{"time_zone: America/New_York": ""}), row())
    assert refused.message == "2026-01-31 14:05 has no offset; set time_zone in the mapping"


def test_text_that_is_no_time_refuses_the_row() -> None:
    assert refusal(small(), row(at="31.01.2026 14:05")).message == (
        '"31.01.2026 14:05" is not a time as ISO 8601 (set time_format if it is written otherwise)'
    )


def test_time_format_reads_other_notations() -> None:
    text = "time_format: '%d.%m.%Y %H:%M'\nname: mill"
    assert occurred("31.01.2026 14:05", **{"name: mill": text}) == "2026-01-31T14:05:00-05:00"
    assert refusal(small(**{"name: mill": text}), row(at="14:05")).message == (
        '"14:05" is not a time as %d.%m.%Y %H:%M'
    )
