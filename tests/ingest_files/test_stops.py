"""Runs of stopped rows."""

from typing import Any

from services.ingest.files.mapping_file import parse_mapping
from services.ingest.files.rows import Row
from tests.ingest_files.converting import STOPS, events, refusal

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


def test_row_off_the_beat_ends_the_run() -> None:
    assert len(spans(stopped("08:00"), stopped("08:04"))) == 2


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
