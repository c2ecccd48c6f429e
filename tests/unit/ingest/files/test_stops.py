"""Runs of stopped rows."""

from typing import Any

import pytest

from copq.ingest.files.faults import FileError, MappingError
from copq.ingest.files.mapping_file import parse_mapping
from copq.ingest.files.reading import reading_of
from copq.ingest.files.rows import Row
from copq.ingest.files.stops import Stops
from tests.support.ingest.files.converting import STOPS, events, refusal

MAPPING = parse_mapping(STOPS)


def stopped(time: str, reason: str = "JAM", press: str = "P4", state: str = "off") -> Row:
    cells = {"at": f"2026-01-31 {time}", "press": press, "state": state, "reason": reason}
    return Row(2, cells)


def spans(*rows: Row) -> list[tuple[str, str, str]]:
    return [(_time(e["started_at"]), _time(e["ended_at"]), e["defect_code"]) for e in made(*rows)]


def made(*rows: Row) -> list[dict[str, Any]]:
    return events(MAPPING, rows)


def _time(utc: str) -> str:
    return f"{int(utc[11:13]) - 5:02}{utc[13:16]}"


def test_run_lasts_from_its_first_row_to_the_end_of_its_last() -> None:
    assert spans(stopped("08:00"), stopped("08:05"), stopped("08:10")) == [
        ("08:00", "08:15", "JAM")
    ]


def test_order_of_rows_and_repeated_rows_say_nothing() -> None:
    rows = [stopped("08:10"), stopped("08:00"), stopped("08:05"), stopped("08:00")]
    assert spans(*rows) == [("08:00", "08:15", "JAM")]


def test_running_row_between_ends_the_run() -> None:
    rows = [stopped("08:00"), stopped("08:05", state="on"), stopped("08:10")]
    assert spans(*rows) == [("08:00", "08:05", "JAM"), ("08:10", "08:15", "JAM")]


def test_missing_row_ends_the_run() -> None:
    assert len(spans(stopped("08:00"), stopped("08:10"))) == 2


def test_row_before_the_end_of_the_last_goes_on_with_the_run() -> None:
    assert spans(stopped("08:00"), stopped("08:04")) == [("08:00", "08:09", "JAM")]


def test_rows_a_second_or_two_off_are_one_run() -> None:
    beats = ("08:00:00", "08:05:01", "08:09:59", "08:15:02", "08:20:00", "08:25:01")
    rows = [stopped(time) for time in beats]
    assert [spans(*order) for order in (rows, rows[::-1])] == [[("08:00", "08:30", "JAM")]] * 2


def test_tolerance_is_a_setting_that_bridges_no_missing_row() -> None:
    late = [stopped("08:00"), stopped("08:06")]
    assert len(events(MAPPING, late)) == 2
    text = STOPS.replace("interval_minutes: 5", "interval_minutes: 5\n    tolerance_seconds: 60")
    assert len(events(parse_mapping(text), late)) == 1
    with pytest.raises(MappingError, match="less than the interval"):
        parse_mapping(text.replace("60", "300"))


def test_run_ends_where_another_reason_begins_about_then() -> None:
    early, late = stopped("08:04:58", "PM"), stopped("08:05:03", "PM")
    for row in (early, late):
        first, second = made(stopped("08:00"), row)
        assert first["ended_at"] == second["started_at"]


def test_runs_are_held_in_memory_and_not_their_rows() -> None:
    stops = Stops(MAPPING, 0, reading_of(MAPPING))
    for minute in range(0, 60, 5):
        values = stopped(f"08:{minute:02}").values
        stops.keep(stops.read(2, values), alone=True)
    assert stops._pieces == 1


def test_more_runs_than_memory_should_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copq.ingest.files.stops.MOST_PIECES", 3)
    with pytest.raises(FileError, match="sort it by time, or cut it"):
        made(*(stopped(f"{hour:02}:00") for hour in range(8, 12)))


def test_another_reason_ends_the_run() -> None:
    assert spans(stopped("08:00"), stopped("08:05", "PM")) == [
        ("08:00", "08:05", "JAM"), ("08:05", "08:10", "PM"),
    ]  # fmt: skip


def test_machines_have_runs_of_their_own() -> None:
    assert len(spans(stopped("08:00"), stopped("08:05", press="P5"))) == 2


def test_stop_is_planned_where_its_condition_holds() -> None:
    planned = {
        e["defect_code"]: e["planned"] for e in made(stopped("08:00"), stopped("09:00", "PM"))
    }
    assert planned == {"JAM": False, "PM": True}


def test_without_a_condition_no_stop_is_planned() -> None:
    mapping = parse_mapping(STOPS.replace("    planned: {reason: {prefix: P}}\n", ""))
    assert [e["planned"] for e in events(mapping, [stopped("08:00", "PM")])] == [False]


def test_id_is_that_of_machine_start_end_and_reason() -> None:
    def ids(*rows: Row) -> set[str]:
        return {event["event_id"] for event in made(*rows)}

    run = ids(stopped("08:00"), stopped("08:05"))
    assert run == ids(stopped("08:05"), stopped("08:00"))
    assert not run & ids(stopped("08:00"))
    assert not run & ids(stopped("08:00", "PM"), stopped("08:05", "PM"))
    assert not run & ids(stopped("08:00", press="P5"), stopped("08:05", press="P5"))


def test_row_without_a_time_is_refused() -> None:
    refused = refusal(MAPPING, Row(5, stopped("08:00").values | {"at": ""}))
    assert (refused.row, refused.field) == (5, "started_at")
