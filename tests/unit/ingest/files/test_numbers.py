"""Numbers as people and programs write them: read as they are meant, or refused."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from copq.ingest.files.cells import TypedText
from copq.ingest.files.faults import FileError, RowFault
from copq.ingest.files.mapping import Numbers
from copq.ingest.files.numbers import number_reader
from copq.ingest.files.rows import AnyRow, BrokenRow, Row, read_rows
from copq.ingest.files.survey import survey
from tests.support.ingest.files.converting import events, refusal, row, small

HEADER = "at,press,item,step,scrap\n"
GERMAN, ENGLISH = Numbers(decimal=",", thousands="."), Numbers(decimal=".", thousands=",")


@pytest.mark.parametrize(
    ("numbers", "text", "value"),
    [
        (GERMAN, "1.250", "1250"), (GERMAN, "13,75", "13.75"), (GERMAN, "1.250,5", "1250.5"),
        (GERMAN, "0,00", "0"), (GERMAN, "1.234.567,8", "1234567.8"), (GERMAN, "-3", "-3"),
        (ENGLISH, "1,250", "1250"), (ENGLISH, "1.250", "1.25"),
        (ENGLISH, "12,34,567.5", "1234567.5"),
        (Numbers(decimal=",", thousands=" "), "1\u202f250,5", "1250.5"),
        (Numbers(decimal=".", thousands="'"), "1’250.5", "1250.5"),
        (Numbers(decimal=","), "1250,5", "1250.5"), (Numbers(decimal="."), "1.250", "1.25"),
        (None, ".5", "0.5"), (None, "-.500", "-0.5"), (GERMAN, ",5", "0.5"),
        (ENGLISH, ".25", "0.25"),
        (None, "13.75", "13.75"), (None, "1e3", "1000"), (GERMAN, TypedText("1.250"), "1.25"),
    ],
)  # fmt: skip
def test_number_is_read_as_the_mapping_says(numbers: Numbers, text: str, value: str) -> None:
    assert number_reader(numbers)("scrap", text) == Decimal(value)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        (None, "5."), (None, "."), (GERMAN, ".5"),
        (GERMAN, "1.25"), (GERMAN, "1.250.5"), (GERMAN, "1,250,5"), (GERMAN, "12.5,5"),
        (ENGLISH, "1.250,5"), (Numbers(decimal=","), "1.250"), (Numbers(decimal="."), "1,250"),
        (None, "1_000"), (None, "１２"), (None, "NaN"), (None, "3-"), (None, "1e999"),
        (None, "5 pcs"), (GERMAN, ""),
    ],
)  # fmt: skip
def test_number_written_otherwise_is_refused(numbers: Numbers, text: str) -> None:
    with pytest.raises(RowFault, match=r"column scrap holds .* which is not a number"):
        number_reader(numbers)("scrap", text)


def surveyed(path: Path, *scrapped: str, numbers: str = "") -> None:
    lines = [f'2026-01-31 14:{n:02},P4,A,s,"{text}"\n' for n, text in enumerate(scrapped)]
    path.write_text(HEADER + "".join(lines))
    survey(path, small(**{"name: mill": f"{numbers}\nname: mill"}))


@pytest.mark.parametrize(
    ("scrapped", "named"),
    [
        (("1.250",), '"1.250" in column scrap, line 2, which is 1.250 or 1250'),
        (("3", "12.500"), '"12.500" in column scrap, line 3'),
        (("3", "13,75"), '"13,75" in column scrap, line 3'),
        (("1.5", "1,250"), '"1,250" in column scrap, line 3'),
        (("1.250.000",), "line 2"), (("1 250",), "line 2"),
        ((",5",), '",5" in column'), (("1’250",), "line 2"),
    ],
)  # fmt: skip
def test_column_that_can_be_read_in_two_ways_is_refused_before_any_import(
    tmp_path: Path, scrapped: tuple[str, ...], named: str
) -> None:
    with pytest.raises(FileError) as refused:
        surveyed(tmp_path / "a.csv", *scrapped)
    assert named in str(refused.value) and "numbers: {decimal:" in str(refused.value)
    surveyed(tmp_path / "a.csv", *scrapped, numbers="numbers: {decimal: ','}")


@pytest.mark.parametrize(
    "scrapped",
    [("1.250", "1.5"), ("1.250", ".5"), (".500",), ("0.125",), ("1250.500",), ("-3", "1e3")],
)
def test_column_that_proves_its_decimal_point_needs_no_setting(
    tmp_path: Path, scrapped: tuple[str, ...]
) -> None:
    surveyed(tmp_path / "a.csv", *scrapped)


def test_quantity_of_an_event_is_read_so_and_its_refusal_names_the_value() -> None:
    mapping = small(**{"name: mill": "numbers: {decimal: ',', thousands: .}\nname: mill"})
    assert events(mapping, [row(scrap="1.250,50")])[0]["quantity"] == "1250.50"
    assert events(mapping, [row(scrap="0,00")]) == []
    assert refusal(mapping, row(scrap="1.25")).message == (
        'column scrap holds "1.25", which is not a number with the decimal separator "," and the '
        'thousands separator "."'
    )


def parquet(path: Path, **columns: pl.Series) -> list[AnyRow]:
    given = {"at": ["2026-01-31 14:05"] * 3, "press": ["P4"] * 3, "step": ["s"] * 3}
    pl.DataFrame(given | columns).write_parquet(path)
    mapping = small()
    return list(read_rows(path, survey(path, mapping).format, mapping))


def test_floats_of_pandas_are_read_as_what_they_mean(tmp_path: Path) -> None:
    rows = parquet(
        tmp_path / "a.parquet",
        item=pl.Series([4711.0, float("nan"), None], dtype=pl.Float64),
        scrap=pl.Series([13.7, 0.1, float("nan")], dtype=pl.Float32),
    )
    assert [(r.values["item"], r.values["scrap"]) for r in rows if isinstance(r, Row)] == [
        ("4711", "13.7"), ("", "0.1"), ("", ""),
    ]  # fmt: skip


def test_floats_that_lost_digits_are_refused_by_row_and_column(tmp_path: Path) -> None:
    rows = parquet(
        tmp_path / "a.parquet",
        item=pl.Series([2.0**53, 1.0, 2.0], dtype=pl.Float64),
        scrap=pl.Series([1.0, float("inf"), 20260001], dtype=pl.Float32),
    )
    assert [(r.number, r.field) for r in rows if isinstance(r, BrokenRow)] == [
        (1, "item"), (2, "scrap"), (3, "scrap"),
    ]  # fmt: skip


def test_numbers_and_times_of_typed_files_do_not_follow_the_mappings_texts(tmp_path: Path) -> None:
    lines = '{"at": "31.01.2026 14:05", "press": "P", "item": 4711.0, "step": "s", "scrap": 1.250}'
    (tmp_path / "a.ndjson").write_text(lines)
    settings = "numbers: {decimal: ',', thousands: .}\ntime_format: '%d.%m.%Y %H:%M'\nname: mill"
    mapping = small(**{"name: mill": settings})
    found = survey(tmp_path / "a.ndjson", mapping)
    rows = list(read_rows(tmp_path / "a.ndjson", found.format, mapping))
    (event,) = events(mapping, rows)  # type: ignore[arg-type]
    assert (event["quantity"], event["product"]) == ("1.250", "4711")
