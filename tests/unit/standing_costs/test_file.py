"""Files of standing costs: YAML, CSV and Excel say the same; each fault names its place."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from copq.rates.file import RateFileError
from copq.schemas.standing_costs import StandingCostItem
from copq.standing_costs.file import COLUMNS, read_standing_costs

HEADER = ",".join(COLUMNS)
YAML = """
standing_costs:
  - {plant: north, name: lab, category: appraisal, element: salaries, amount: 9200.50,
     currency: EUR, first_day: 2026-01-01}
  - {plant: north, line: L1, name: scale, category: prevention, element: depreciation, amount: null,
     currency: EUR, first_day: 2026-01-01, last_day: 2027-12-31, note: "bought, used"}
"""
ROWS = [
    "north,,lab,appraisal,salaries,9200.50,EUR,2026-01-01,,",
    'north,L1,scale,prevention,depreciation,null,EUR,2026-01-01,2027-12-31,"bought, used"',
]
CSV = "\n".join([HEADER, *ROWS])


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def workbook(folder: Path) -> Path:
    book = Workbook()
    sheet = book.create_sheet("costs")  # the first one is empty
    sheet.append(list(COLUMNS))
    start = date(2026, 1, 1)
    sheet.append(["north", None, "lab", "appraisal", "salaries", 9200.5, "EUR", start])
    sheet.append(["north", "L1", "scale", "prevention", "depreciation", "null", "EUR", start,
                  "2027-12-31", "bought, used"])  # fmt: skip
    book.save(folder / "costs.xlsx")
    return folder / "costs.xlsx"


def test_yaml_csv_and_excel_say_the_same(tmp_path: Path) -> None:
    known = {"plant": "north", "currency": "EUR", "first_day": date(2026, 1, 1)}
    lab = StandingCostItem(
        **known, name="lab", category="appraisal", element="salaries", amount=Decimal("9200.5")
    )  # fmt: skip
    scale = StandingCostItem(
        **known, line="L1", name="scale", category="prevention", element="depreciation",
        amount=None, last_day=date(2027, 12, 31), note="bought, used",
    )  # fmt: skip
    for file in (
        written(tmp_path, "costs.yaml", YAML), written(tmp_path, "costs.csv", CSV),
        workbook(tmp_path),
    ):  # fmt: skip
        assert read_standing_costs(file).standing_costs == (lab, scale), file


AFTER = "EUR,2026-01-01,,"
REFUSED = [
    (f"north,,lab,appraisal,salaries,0,{AFTER}", "row 2, column amount: Input should be greater"),
    (f"north,,lab,appraisal,salaries,-1,{AFTER}", "row 2, column amount: Input should be greater"),
    (f"north,,lab,appraisal,salaries,much,{AFTER}", "column amount: Input should be a valid"),
    (f"north,,lab,appraisal,salaries,,{AFTER}", "costs.csv, row 2, column amount: Field required"),
    (f"north,,lab,internal_failure,salaries,1,{AFTER}",
     'column category: "internal_failure" is not possible: the category is appraisal or '
     "prevention. The cost of a failure follows from its event"),
    (f"north,,lab,appraisal,,1,{AFTER}", "column element: Field required"),
    ("north,,lab,appraisal,salaries,1,euro,2026-01-01,,", "row 2, column currency"),
    ("north,,lab,appraisal,salaries,1,EUR,2026-13-01,,",
     'column first_day: "2026-13-01" is not a day: write it as 2026-03-31'),
    ("north,,lab,appraisal,salaries,1,EUR,1999-01-01,,", "is not in the years 2000 to 2199"),
    ("north,,lab,appraisal,salaries,1,EUR,2026-01-01,2025-12-31,",
     "last_day 2025-12-31 is before first_day 2026-01-01: a cost ends on its first day or later"),
    ("\n".join([f"north,,lab,appraisal,salaries,1,{AFTER}"] * 2),
     '"lab" of north from 2026-01-01 is there 2 times: leave one row of it'),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "words"), REFUSED)
def test_a_cost_that_is_none_is_refused_with_its_place(
    tmp_path: Path, rows: str, words: str
) -> None:
    with pytest.raises(RateFileError) as caught:
        read_standing_costs(written(tmp_path, "costs.csv", f"{HEADER}\n{rows}\n"))
    assert words in str(caught.value), caught.value.faults
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("costs.csv", "plant,name\n", "lacks the column category, element, amount, currency"),
        ("costs.csv", f"{HEADER},pries\n", '"pries" is not a column of standing_costs'),
        ("costs.csv", f"{HEADER}\n", "is empty: a file of standing costs has standing_costs"),
        ("costs.yaml", "", "is empty: a file of standing costs has standing_costs"),
        ("costs.yaml", "costs: []\n", "costs: is not a field here"),
    ],
)
def test_a_file_without_costs_is_refused(
    tmp_path: Path, name: str, text: str, words: str
) -> None:  # fmt: skip
    with pytest.raises(RateFileError) as caught:
        read_standing_costs(written(tmp_path, name, text))
    assert words in str(caught.value), caught.value.faults
