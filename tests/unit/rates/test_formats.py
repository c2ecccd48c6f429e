"""YAML, CSV and Excel say the same, and what is not a rate file is refused with a sentence."""

import io
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from copq.rates.csv_files import csv_of, sheet_of_csv
from copq.rates.file import RateFileError, parse_rates
from copq.rates.formats import MAX_BYTES, Format, read_rates, write_rates_to
from copq.rates.rows import rates_from
from copq.rates.workbook import sheets_of_workbook, workbook_of
from copq.rates.yaml_text import yaml_of
from copq.schemas.names import canonical, fault_of_name
from copq.schemas.rates import RateFile
from tests.support.costing.rows import RATES
from tests.support.searching import examples

ODD_NAMES = ("707", "007", "1.10", "=1+1", "true", "2026-01-01", "null", "~", "_x0041_")
NAMES = st.text(
    st.characters(
        exclude_categories=("Cc", "Cf", "Cs", "Cn"), include_characters='";,=+-@\'\\#:'
    ),
    min_size=1, max_size=12,
).filter(lambda name: fault_of_name(name) is None and canonical(name) == name) | st.sampled_from(
    ODD_NAMES
)  # fmt: skip
MONEY = st.decimals(0, 10**9, places=8) | st.sampled_from(
    [Decimal(t) for t in ("0", "0.1", "1.10", "123456789.12345678", "0.00000001", "1000000000")]
)
SHARES = st.decimals(0, 1, places=8)
ZONES = st.sampled_from([None, "UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia"])
INSTANTS = st.datetimes(
    datetime(1990, 1, 1), datetime(2100, 1, 1),  # noqa: DTZ001 - the zone follows
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
) | st.sampled_from([
    # around changes of the clock, a midnight in Berlin, the beginning of time
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2025, 12, 31, 23, tzinfo=UTC),
    datetime(1, 1, 2, tzinfo=UTC),
])  # fmt: skip


@st.composite
def effective(draw: Any) -> dict[str, Any]:
    start = draw(INSTANTS)
    later = start + timedelta(days=draw(st.integers(1, 900)))
    end = draw(st.sampled_from([None, later, datetime(9999, 12, 31, 23, tzinfo=UTC)]))
    return {"effective_from": start} | ({} if end is None else {"effective_to": end})


def parts(*names: str) -> Any:
    return st.none() | st.fixed_dictionaries({}, optional=dict.fromkeys(names, MONEY))


STAGES = st.lists(
    st.fixed_dictionaries(
        {"stage": NAMES, "raw_material": MONEY},
        optional={"labour_overhead": MONEY, "fixed_overhead": MONEY},
    ),
    min_size=1, max_size=4, unique_by=lambda stage: stage["stage"],
)  # fmt: skip


@st.composite
def rate_files(draw: Any) -> RateFile:
    plants = draw(st.lists(NAMES, max_size=3, unique=True))
    plant = st.sampled_from(plants) if plants else NAMES
    currency = st.sampled_from(["EUR", "INR"])
    lines = {name: draw(st.lists(NAMES, max_size=3)) for name in plants}
    found = {
        "time_zone": draw(ZONES),
        "plants": [
            {"plant": name, "time_zone": "Europe/Berlin", "currency": draw(currency),
             "day_start": draw(st.sampled_from(["00:00", "06:15", "10:30", "23:45"])),
             "lines": lines[name]}
            for name in plants
        ],
        "cost_tables": [
            {"product": draw(NAMES), "plant": draw(st.none() | plant), "currency": draw(currency),
             "stages": draw(STAGES), **draw(effective()), "allowed_rejection": draw(SHARES),
             "recovery_rate": draw(SHARES), "input_raw_material": draw(st.none() | MONEY),
             "price": draw(st.none() | MONEY),
             "rework_in_house": draw(parts("labour", "material", "overhead")),
             "return_scrap": draw(st.none() | st.fixed_dictionaries({"price": MONEY}))}
            for _ in range(draw(st.integers(0, 3)))
        ],
        "line_rates": [
            {"plant": name, "line": draw(st.sampled_from(lines[name])), **draw(effective()),
             "rate_per_minute": draw(MONEY), "bottleneck": draw(st.booleans()),
             "output_work_units": draw(st.lists(NAMES, max_size=3))}
            for name in plants if lines[name]
        ],
        "labour_rates": [
            {"plant": draw(plant), "grade": draw(NAMES), "rate_per_minute": draw(MONEY),
             **draw(effective())}
            for _ in range(draw(st.integers(0, 2)))
        ],
    }  # fmt: skip
    return RateFile.model_validate(found)


def unique(rates: RateFile) -> bool:
    try:
        parse_rates(yaml_of(rates))
    except RateFileError as error:
        return not all("there twice" in fault for fault in error.faults)
    return True


@examples(0.2)
@given(rates=rate_files().filter(lambda rates: bool(rates.plants)).filter(unique))
def test_yaml_csv_and_excel_say_the_same(rates: RateFile) -> None:
    assert parse_rates(yaml_of(rates)) == rates
    files = csv_of(rates).items()
    assert rates_from([sheet_of_csv(name, text.encode()) for name, text in files]) == rates
    back = rates_from(sheets_of_workbook(workbook_of(rates)))
    assert back == rates
    assert yaml_of(parse_rates(yaml_of(back))) == yaml_of(back)


@pytest.mark.parametrize("name", ["rates.yaml", "rates.xlsx", "folder"])
def test_what_is_exported_is_imported(tmp_path: Path, name: str) -> None:
    form = {"folder": Format.CSV, "rates.xlsx": Format.EXCEL}.get(name, Format.YAML)
    rates = parse_rates(RATES)
    write_rates_to(tmp_path / name, form, rates)
    found = read_rates(tmp_path / name)
    assert found.rates == rates
    if form is Format.CSV:
        with zipfile.ZipFile(io.BytesIO(found.original)) as kept:
            assert kept.namelist() == sorted(p.name for p in (tmp_path / name).iterdir())


def test_text_that_looks_like_a_formula_stays_text() -> None:
    text = RATES.replace("product: label", "product: '=HYPERLINK(\"x\")'")
    book = load_workbook(io.BytesIO(workbook_of(parse_rates(text))))
    cells = [cell for row in book["cost_tables"].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}


LABOUR_XML = "xl/worksheets/sheet3.xml"
LABOUR = ("plant", "effective_from", "rate_per_minute")
P = {"plant": "p", "time_zone": "UTC", "day_start": "06:00", "currency": "EUR"}


def workbook(
    *rows: tuple[Any, ...], header: tuple[str | None, ...] = LABOUR, change: Any = None
) -> bytes:
    """A workbook with plant p in UTC, and labour rates."""
    book = Workbook()
    plants = book.worksheets[0]
    plants.title = "plants"
    plants.append(tuple(P))
    plants.append(tuple(P.values()))
    zone = book.create_sheet("zone")
    zone.append(("time_zone",))
    zone.append(("UTC",))
    labour = book.create_sheet("labour")
    for row in (header, *rows):
        labour.append(row)
    if change is not None:
        change(book)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def labour(data: bytes) -> list[tuple[str, str]]:
    rates = rates_from(sheets_of_workbook(data)).labour_rates
    return [(f"{r.effective_from:%Y-%m-%dT%H:%M%z}", str(r.rate_per_minute)) for r in rates]


def test_excel_s_own_dates_and_numbers_are_read() -> None:
    day, morning = datetime(2026, 1, 31), datetime(2026, 2, 1, 6, 30)  # noqa: DTZ001 - as Excel's
    found = labour(workbook(
        ("p", day, 0.1), ("p", morning, 12.0278), (None,), ("p", "2026-03-01", "1.10"),
        ("p", "2026-04-01T06:00:00-05:00", 7),
    ))  # fmt: skip
    assert found == [
        ("2026-01-31T00:00+0000", "0.1"), ("2026-02-01T06:30+0000", "12.0278"),
        ("2026-03-01T00:00+0000", "1.10"), ("2026-04-01T06:00-0500", "7"),
    ]  # fmt: skip


DAY = "2026-01-31"
CELLS = (
    (("p", DAY, "=1+1"), "row 2, column C (rate_per_minute): holds a formula: put its value there"),
    (("p", DAY, "#DIV/0!"), "row 2, column C (rate_per_minute): holds an error, #DIV/0!"),
    (("p", DAY, True), "row 2, column rate_per_minute"),
    (("p", DAY, timedelta(hours=1)), "row 2, column C (rate_per_minute): is a length of time"),
    (("p", DAY, "1,5"), "row 2, column rate_per_minute: Input should be a valid decimal"),
    (("p", DAY, -1), "sheet labour, row 2, column rate_per_minute: Input should be greater than"),
    (("p", "31.01.2026", 1), "sheet labour, row 2, column effective_from: is not a date"),
    (("p", 46053, 1), "sheet labour, row 2, column effective_from: is not a date"),
    ((1.5, DAY, 1), "row 2, column A (plant): is the number 1.5; format the cell as text"),
    ((True, DAY, 1), "row 2, column A (plant): is a truth value"),
    ((None, DAY, 1), "sheet labour, row 2, column plant: Field required"),
    (("p", DAY, 1, "note"), "row 2, column D: stands next to the table"),
)  # fmt: skip


@pytest.mark.parametrize(("row", "says"), CELLS)
def test_a_cell_that_is_wrong_is_named(row: tuple[Any, ...], says: str) -> None:
    with pytest.raises(RateFileError) as refused:
        labour(workbook(row))
    assert any(says in fault for fault in refused.value.faults), refused.value.faults


def test_a_number_with_the_noise_of_a_binary_float_is_not_guessed_at() -> None:
    noisy = packed_part(workbook(("p", DAY, 0.5)), b"<v>0.5</v>", b"<v>0.30000000000000004</v>")
    with pytest.raises(RateFileError) as refused:
        labour(noisy)
    [fault] = refused.value.faults
    where = "sheet labour, row 2, column C (rate_per_minute): is 0.30000000000000004: more digits"
    assert fault.startswith(where) and "=ROUND" in fault
    # seventeen digits of what fifteen say: as Excel itself writes 1.1
    usual = packed_part(workbook(("p", DAY, 0.5)), b"<v>0.5</v>", b"<v>1.1000000000000001</v>")
    assert labour(usual) == [("2026-01-31T00:00+0000", "1.1")]


def test_every_cell_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(RateFileError) as refused:
        labour(workbook(("p", DAY, "=1"), ("p", DAY, 1), ("p", DAY, "=2")))
    assert [fault.split(" (")[0] for fault in refused.value.faults] == [
        "sheet labour, row 2, column C", "sheet labour, row 4, column C",
    ]  # fmt: skip


def _hide(book: Any) -> None:
    book["labour"].sheet_state = "hidden"


def _far(book: Any) -> None:
    book["labour"].cell(1_048_576, 16_384).value = "x"


SHEETS = (
    (workbook(("p", DAY, 1), header=("plant", "effective_from", "rate_per_min")),
     "sheet labour: has no columns of rates"),
    (workbook(("p", DAY, 1, 1), header=(*LABOUR, "gade")),
     'sheet labour: "gade" is not a column of labour_rates; did you mean "grade"?'),
    (workbook(("p", DAY, 1), header=("plant", "plant", "rate_per_minute")),
     "sheet labour: has more than one column plant"),
    (workbook(("p", DAY, 1), header=(None, None, None)), "sheet labour: row 1 is empty"),
    (workbook(("p", DAY, 1), header=("plant", None, "rate_per_minute")),
     "sheet labour: column B has no name in row 1"),
    (workbook(("p", DAY, 1), change=_hide), "sheet labour: is hidden"),
    (workbook(("p", DAY, 1), change=_far), "stands next to the table"),
)  # fmt: skip


@pytest.mark.parametrize(("data", "says"), SHEETS)
def test_a_sheet_that_is_no_table_of_rates_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(RateFileError) as refused:
        labour(data)
    assert any(says in fault for fault in refused.value.faults), refused.value.faults


def packed(parts: dict[str, bytes], of: bytes | None = None) -> bytes:
    """A workbook with parts of it replaced or added."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as new:
        if of is not None:
            with zipfile.ZipFile(io.BytesIO(of)) as old:
                for name in old.namelist():
                    if name not in parts:
                        new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return data.getvalue()


def packed_part(data: bytes, old: bytes, new: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read(LABOUR_XML)
    assert old in sheet
    return packed({LABOUR_XML: sheet.replace(old, new)}, data)


GOOD = workbook(("p", DAY, 1))
HOSTILE = (
    ("rates.xlsx", b"", "is not an Excel workbook"),
    ("rates.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "one with a password"),
    ("rates.xlsx", packed({"a": b"b"}), "is not an Excel workbook that can be read"),
    ("rates.xlsx", packed({"xl/vbaProject.bin": b"x"}, GOOD), "holds macros"),
    ("rates.xlsx", packed({"xl/bomb": bytes(40_000_000)}, GOOD), "unpacks to more than 32 MB"),
    ("rates.xlsx", packed({LABOUR_XML: b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}, GOOD),
     "is not an Excel workbook that can be read"),
    ("rates.xlsx", packed({LABOUR_XML: b"<worksheet><sheetData><row>"}, GOOD),
     "is not an Excel workbook that can be read"),
    ("rates.xlsm", GOOD, "may hold macros: save it as .xlsx"),
    ("rates.xls", GOOD, "save it as .xlsx"),
    ("rates.txt", b"", "has no ending that is known"),
    ("rates.yaml", b"a" * (MAX_BYTES + 1), "is larger than 16 MB"),
    ("rates.yaml", GOOD, "is not UTF-8"),
    ("rates.csv", GOOD, "is not UTF-8"),
    ("rates.csv", b"", "has no columns of rates"),
    ("rates.csv", b"plant,rate_per_minute\np,1,2\n", "row 2: has 3 cells, the header has 2"),
    ("rates.csv", b'plant,rate_per_minute\n"p,1\n', "is not CSV at line 2"),
    ("rates.csv", b"plant,rate_per_minute\n" + b"p,1\n" * 1_000_000, "has more than 100,000 rows"),
    ("rates.csv", b"plant,rate_per_minute,effective_from\n", "is empty"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "data", "says"), HOSTILE)
def test_what_is_hostile_is_refused(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(RateFileError) as refused:
        read_rates(path)
    assert any(says in fault for fault in refused.value.faults), refused.value.faults


def test_a_sheet_of_too_many_rows_is_refused() -> None:
    rows = b"".join(
        b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(2, 100_010)
    )
    xml = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>plant</t></is></c><c r="B1" t="inlineStr"><is>'
        b"<t>rate_per_minute</t></is></c></row>" + rows + b"</sheetData></worksheet>"
    )
    with pytest.raises(RateFileError, match="has more than 100,000 rows"):
        sheets_of_workbook(packed({LABOUR_XML: xml}, GOOD))


def test_a_table_that_contradicts_itself_names_both_rows() -> None:
    csv = (
        "product;effective_from;stage;raw_material;currency\n"
        "cup;2026-01-01T00:00:00Z;pressed;1;EUR\ncup;2026-01-01T00:00:00Z;glazed;2;USD\n"
    )
    with pytest.raises(RateFileError) as refused:
        rates_from([sheet_of_csv("cups.csv", csv.encode())])
    assert refused.value.faults == [
        'cups.csv, row 3, column currency: "USD" is not what row 2 says of the same table, "EUR"'
    ]


def test_a_fault_of_a_stage_names_the_row_of_the_stage() -> None:
    csv = (
        "\ufeffproduct,effective_from,currency,stage,raw_material\r\n"
        "cup,2026-01-01T00:00:00Z,EUR,pressed,1\r\n\r\ncup,2026-01-01T00:00:00Z,,glazed,dear\r\n"
    )
    with pytest.raises(RateFileError) as refused:
        rates_from([sheet_of_csv("cups.csv", csv.encode())])
    assert refused.value.faults == [
        "cups.csv, row 4, column raw_material: Input should be a valid decimal"
    ]


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
@pytest.mark.parametrize("form", [Format.YAML, Format.EXCEL])
def test_rates_come_from_standard_input(
    name: str, form: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"rates.{form}"
    write_rates_to(path, form, parse_rates(RATES))
    with path.open("rb") as file:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(file))
        handed_in = read_rates(Path(name))
    assert handed_in.rates == read_rates(path).rates
    assert handed_in.name == "standard input"
