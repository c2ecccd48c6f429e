"""Base files: YAML, CSV and Excel say the same; each fault names its place."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from copq.bases.file import read_base_file
from copq.rates.file import RateFileError

HEADER = "plant,month,base,amount,currency"
YAML = """
bases:
  - {plant: north, month: 2026-03, base: revenue, amount: 8100000.50, currency: EUR}
  - {plant: north, month: 2026-03-01, base: manufacturing cost, amount: null, currency: EUR}
"""
CSV = f"{HEADER}\nnorth,2026-03,revenue,8100000.50,EUR\nnorth,2026-03,manufacturing cost,null,EUR\n"


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def workbook(folder: Path) -> Path:
    book = Workbook()
    sheet = book.create_sheet("bases")  # the first one is empty
    sheet.append(HEADER.split(","))
    sheet.append(["north", date(2026, 3, 1), "revenue", 8100000.5, "EUR"])
    sheet.append(["north", "2026-03", "manufacturing cost", "null", "EUR"])
    book.save(folder / "bases.xlsx")
    return folder / "bases.xlsx"


def test_yaml_csv_and_excel_say_the_same(tmp_path: Path) -> None:
    files = [
        written(tmp_path, "bases.yaml", YAML), written(tmp_path, "bases.csv", CSV),
        written(tmp_path, "semicolons.csv", CSV.replace(",", ";")), workbook(tmp_path),
    ]  # fmt: skip
    for file in files:
        revenue, cost = read_base_file(file).bases
        assert (revenue.plant, revenue.month, revenue.base) == (
            "north",
            date(2026, 3, 1),
            "revenue",
        )
        assert (revenue.amount, revenue.currency) == (Decimal("8100000.5"), "EUR"), file
        assert (cost.base, cost.amount) == ("manufacturing cost", None), file


REFUSED = [
    ("north,2026-03,revenue,0,EUR", "bases.csv, row 2, column amount: Input should be greater"),
    ("north,2026-03,revenue,-1,EUR", "bases.csv, row 2, column amount: Input should be greater"),
    ("north,2026-03,revenue,much,EUR", "row 2, column amount: Input should be a valid decimal"),
    ("north,2026-03,revenue,,EUR", "bases.csv, row 2, column amount: Field required"),
    ("north,2026-13,revenue,1,EUR", 'column month: "2026-13" is not a month: write it as 2026-03'),
    ("north,2026-03-15,revenue,1,EUR", '"2026-03-15" is not a month'),
    ("north,March,revenue,1,EUR", '"March" is not a month'),
    ("north,0001-01,revenue,1,EUR", "is not in the years 2000 to 2199"),
    ("north,2026-03,revenue,1,euro", "bases.csv, row 2, column currency"),
    ("north,2026-03,Cost of Production,1,EUR", "comes from the ledger: give the base another name"),
    ("north,2026-03,coq,1,EUR", "comes from the ledger"),
    ('north,2026-03,"revenue,net",1,EUR', "has a comma, which separates names"),
    ("north,2026-03,revenue,1,EUR\nnorth,2026-03,revenue,1,EUR", "revenue of north in 2026-03 is"),
]


@pytest.mark.parametrize(("rows", "words"), REFUSED)
def test_a_base_that_is_none_is_refused_with_its_place(
    tmp_path: Path, rows: str, words: str
) -> None:
    with pytest.raises(RateFileError) as caught:
        read_base_file(written(tmp_path, "bases.csv", f"{HEADER}\n{rows}\n"))
    assert words in str(caught.value), caught.value.faults
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("bases.csv", "plant,month,base,amount\n", "lacks the column currency"),
        ("bases.csv", "plant,mnth,base,amount,currency\n", '"mnth" is not a column of bases'),
        ("bases.csv", HEADER + "\n", "is empty"),
        ("bases.yaml", "", "is empty: a base file has bases"),
        ("bases.yaml", "bases: []", "is empty: a base file has bases"),
        ("bases.yaml", "bases: [{plnat: north}]", 'is not a field here; did you mean "plant"?'),
        ("bases.ods", "", "save it as .xlsx"),
    ],
)
def test_a_file_without_bases_is_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(RateFileError) as caught:
        read_base_file(written(tmp_path, name, text))
    assert words in str(caught.value)
