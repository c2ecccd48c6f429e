"""What the guide reads from a spreadsheet: lines and products, with a fault for each wrong row."""

import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from babel import Locale
from openpyxl import Workbook

from copq.desk.set_up.draft import Draft
from copq.desk.set_up.entered import check_plant, currencies, rates_entered, read_costs, time_zones
from copq.desk.set_up.tables import (
    MOST_LINES,
    LineRow,
    StageRow,
    read_lines,
    read_stages,
    tables_of_file,
)
from copq.rates.file import RateFileError
from copq.rates.yaml_text import yaml_of

EN, DE = Locale("en"), Locale("de")
PLANT = Draft("hamburg", "Europe/Berlin", "06:00", "EUR")


@pytest.mark.parametrize("separator", ["\t", ";", ","])
@pytest.mark.parametrize("header", ["", "Product{0}Stage{0}Raw_Material{0}Labour\n"])
def test_products_with_and_without_a_header(separator: str, header: str) -> None:
    text = header + "bottle{0}blown{0}0.04{0}0.03\r\n\nbottle{0}filled{0}0.11{0}\ncap{0}{0}{0}"
    found = read_stages(text.format(separator), EN)
    assert found.faults == []
    assert found.rows == [
        StageRow("bottle", "blown", Decimal("0.04"), Decimal("0.03")),
        StageRow("bottle", "filled", Decimal("0.11")), StageRow("cap", "finished"),
    ]  # fmt: skip


def test_columns_in_any_order_and_those_of_no_use_are_named() -> None:
    found = read_stages("Weight\tUnit cost\tItem\n2\t1,5\tvalve\n", DE)
    assert found.rows == [StageRow("valve", "finished", Decimal("1.5"))]
    assert (found.unused, found.faults) == (["Weight"], [])


def test_lines_alone_or_with_what_an_hour_or_a_minute_costs() -> None:
    assert read_lines("L1\nL2\n", EN).rows == [LineRow("L1"), LineRow("L2")]
    assert read_lines("L1, 1200", EN).rows == [LineRow("L1", Decimal(1200))]
    by_minute = read_lines("line;cost per minute\nL1;12.5", EN)
    assert by_minute.rows == [LineRow("L1", Decimal(750))]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "name at least one product"),
        ("a\tS1\t=B2*2", 'row 1: "=B2*2" is a formula'),
        ("a\tS1\t#REF!", "row 1: #REF! is an error"),
        ("a\tS1\t-3", "row 1: -3 is negative"),
        ("a\tS1\tcheap", 'row 1: "cheap" is not a cost'),
        ("a\tS1\t1.250", 'row 1: "1.250" can mean 1250 or 1.25: write 1250, or 1.25'),
        ("a\tS1\t1\na\tS1\t2", 'row 2: "a · S1" is there twice: see row 1'),
        ("\tS1\t1", "row 1: the product has no name"),
        (f"{'x' * 65}\tS1", "at most 64 characters"),
        ("a\u200b\tS1", "ZERO WIDTH SPACE"),
        ("a\tS1\t1\t2\t3", "row 1: has 5 cells; there are 4 columns"),
        ('"a\tS1', "a quote begins a cell that never ends"),
        ("Product\tItem\na\tb", "row 1: more than one column is the product"),
    ],
)
def test_each_wrong_row_is_named(text: str, says: str) -> None:
    assert says in "\n".join(read_stages(text, EN).faults)


def test_too_many_rows_go_into_a_rate_file() -> None:
    many = "\n".join(f"L{number}" for number in range(MOST_LINES + 1))
    assert "rate file" in read_lines(many, EN).faults[0]


def workbook(*sheets: Sequence[Sequence[object]]) -> bytes:
    book, data = Workbook(), io.BytesIO()
    book.remove(book.worksheets[0])
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"s{number}")
        for row in rows:
            sheet.append(list(row))
    book.save(data)
    return data.getvalue()


def test_a_workbook_and_a_csv_file_are_read_as_if_they_were_pasted() -> None:
    stages: list[list[object]] = [
        ["Product", "Stage", "Material"],
        ["valve", "P1", 1.125],
        [4711, "P1", 2],
    ]
    data = workbook([["Line", "Rate per hour"], ["L1", 600]], stages)
    found = tables_of_file("plant.xlsx", data)
    assert read_lines(found["lines"], EN).rows == [LineRow("L1", Decimal(600))]
    assert read_stages(found["products"], EN).rows == [
        StageRow("valve", "P1", Decimal("1.125")), StageRow("4711", "P1", Decimal(2)),
    ]  # fmt: skip
    csv = tables_of_file("lines.csv", b"line;rate_per_hour\nL1;12.5\n")
    assert read_lines(csv["lines"], EN).rows == [LineRow("L1", Decimal("12.5"))]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.xlsx", workbook([["Product", "Cost"], ["a", "=1+1"]]), "holds a formula"),
        ("a.csv", b"name;cost\na;1\n", 'no column "product" or "line"'),
        ("a.csv", b"", 'no column "product" or "line"'),
        ("a.pdf", b"%PDF", "no ending that is known"),
        ("a.xlsx", workbook([["Line"], ["a"]], [["Line"], ["b"]]), "the second table of lines"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name: str, data: bytes, says: str) -> None:
    with pytest.raises(RateFileError, match=says.replace("(", r"\(")):
        tables_of_file(name, data)


def test_a_plant_is_checked_field_by_field() -> None:
    assert check_plant(PLANT, {}) == {}
    wrong = Draft("north", "Mars/Base", "06:10", "XXZ")
    assert set(check_plant(wrong, {"north": 1})) == {"plant", "time_zone", "day_start", "currency"}
    assert "Mars/Base" in check_plant(wrong, {})["time_zone"]
    assert {"plant", "time_zone", "currency"} <= set(check_plant(Draft(), {}))


def test_zones_and_currencies_are_those_in_use() -> None:
    assert {"Europe/Berlin", "Asia/Kolkata", "UTC"} <= set(time_zones())
    assert {"EUR", "USD", "INR", "CHF"} <= set(currencies()) and "DEM" not in currencies()


def test_costs_become_a_rate_file() -> None:
    lines, stages = [LineRow("L1"), LineRow("L2")], [StageRow("a", "S1"), StageRow("a", "S2")]
    filled = {"since": "2026-01-01", "material-0": "1", "material-1": "2.50", "labour-1": "0.25",
              "hour-0": "38"}  # fmt: skip
    costs, mistakes = read_costs(filled, lines, stages, EN)
    assert mistakes == {} and costs is not None and costs.since == date(2026, 1, 1)
    rates = rates_entered(PLANT, lines, stages, costs)
    [table], [rate] = rates.cost_tables, rates.line_rates
    assert [stage.cost for stage in table.stages] == [Decimal(1), Decimal("2.75")]
    assert (rate.line, rate.per_hour(planned=False)) == ("L1", Decimal(38))
    assert "effective_from: 2026-01-01" in yaml_of(rates) and "rate_per_hour: 38" in yaml_of(rates)


def test_wrong_costs_are_named_by_field() -> None:
    filled = {"since": "soon", "material-0": "-1", "labour-0": "1.250", "hour-0": "x"}
    costs, mistakes = read_costs(filled, [LineRow("L1")], [StageRow("a", "S1")], EN)
    assert costs is None and set(mistakes) == {"since", "material-0", "labour-0", "hour-0"}
    assert mistakes["material-0"] == "A cost is 0 or more"
