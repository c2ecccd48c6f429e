"""The hour that comes twice: the order of the rows tells which is meant."""

from pathlib import Path

import pytest

from copq.ingest.files.convert import Converted, Converter, Unreadable
from copq.ingest.files.mapping_file import parse_mapping
from copq.ingest.files.rows import read_rows
from copq.ingest.files.survey import survey
from tests.support.ingest.files.converting import STOPS, small

NIGHT = "2026-11-01"
HEADER = "at,press,item,step,scrap\n"
Row = tuple[str, str]


def converted(path: Path, rows: list[Row]) -> tuple[Converter, list[Converted | Unreadable]]:
    lines = [f"{NIGHT} {time},{press},A,s,{n + 1}\n" for n, (time, press) in enumerate(rows)]
    path.write_text(HEADER + "".join(lines))
    mapping = small()
    found = survey(path, mapping)
    converter = Converter(mapping, found.hours)
    return converter, list(converter.events(read_rows(path, found.format, mapping)))


def offsets(path: Path, rows: list[Row]) -> list[str]:
    """The offset of each row's time; New York goes from -04:00 to -05:00."""
    _, items = converted(path, rows)
    assert all(isinstance(item, Converted) for item in items), items
    raws = [item.raw.decode() for item in items if isinstance(item, Converted)]
    return [raw.partition('"occurred_at":"')[2][19:22] for raw in raws]


def of(press: str, *times: str) -> list[Row]:
    return [(time, press) for time in times]


SUMMER, WINTER = "-04", "-05"
CASES = {
    "times go back": (of("P", "00:30", "01:00", "01:30", "01:00", "01:30", "02:00"),
                      [SUMMER] * 3 + [WINTER] * 3),
    "only a part repeats": (of("P", "00:30", "01:00", "01:50", "01:20", "02:00"),
                            [SUMMER] * 3 + [WINTER] * 2),
    "newest first": (of("P", "02:00", "01:30", "01:00", "01:30", "01:00", "00:30"),
                     [WINTER] * 3 + [SUMMER] * 3),
    "hourly rows": (of("P", "00:00", "01:00", "01:00", "02:00"), [SUMMER] * 2 + [WINTER] * 2),
    "machines in turn": ([(t, p) for t in ("00:00", "01:00", "01:00", "02:00") for p in "PQ"],
                         [SUMMER] * 4 + [WINTER] * 4),
    "one machine after the other": (
        of("P", "00:30", "01:00", "01:30", "01:00", "01:30", "02:00")
        + of("Q", "00:30", "01:00", "01:30", "01:00", "01:30", "02:00"),
        ([SUMMER] * 3 + [WINTER] * 3) * 2),
    "one machine after the other, within the hour": (
        of("P", "01:00", "01:30", "01:00", "01:30") + of("Q", "01:00", "01:30", "01:00", "01:30"),
        ([SUMMER] * 2 + [WINTER] * 2) * 2),
    "a machine that reports once, after another": (
        of("P", "00:30", "01:30", "02:10") + of("Q", "00:30", "01:10", "02:10"),
        [SUMMER, SUMMER, WINTER] * 2),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_order_of_the_rows_tells_the_hours_apart(tmp_path: Path, name: str) -> None:
    rows, expected = CASES[name]
    assert offsets(tmp_path / "a.csv", rows) == expected


def test_no_row_is_there_before_because_of_the_clock(tmp_path: Path) -> None:
    rows, _ = CASES["machines in turn"]
    _, items = converted(tmp_path / "a.csv", rows)
    ids = {i.raw.partition(b'"event_type"')[0] for i in items if isinstance(i, Converted)}
    assert len(ids) == len(rows)


def test_rows_in_no_order_are_refused_where_a_time_repeats(tmp_path: Path) -> None:
    rows = of("P", "01:30", "02:00", "01:00", "00:30", "01:30", "01:00")
    converter, items = converted(tmp_path / "a.csv", rows)
    refused = [item for item in items if isinstance(item, Unreadable)]
    assert [item.row for item in refused] == [2, 4, 6, 7]
    assert refused[0].field == "at"
    assert "map a column with an offset" in refused[0].message
    assert (converter.used, converter.refused) == (2, 4)


def test_time_that_is_there_once_is_the_first_and_is_counted(tmp_path: Path) -> None:
    converter, _ = converted(tmp_path / "a.csv", of("P", "00:30", "01:30", "02:00"))
    assert converter.ambiguous == 1
    converter, _ = converted(tmp_path / "a.csv", CASES["times go back"][0])
    assert converter.ambiguous == 0


def test_stop_through_the_repeated_hour_lasts_as_long_as_it_did(tmp_path: Path) -> None:
    times = ["00:50", "00:55", *[f"01:{m:02}" for m in range(0, 60, 5)] * 2, "02:00"]
    path, mapping = tmp_path / "a.csv", parse_mapping(STOPS)
    path.write_text("at,press,state,reason\n" + "".join(f"{NIGHT} {t},P,off,JAM\n" for t in times))
    found = survey(path, mapping)
    (stop,) = Converter(mapping, found.hours).events(read_rows(path, found.format, mapping))
    assert isinstance(stop, Converted)
    assert b"2026-11-01T04:50:00+00:00" in stop.raw and b"2026-11-01T07:05:00+00:00" in stop.raw
