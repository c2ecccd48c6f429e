"""Group files: YAML, CSV and Excel say the same; each fault names its place."""

from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from copq.groups.file import read_group_file
from copq.rates.file import RateFileError
from copq.schemas.groups import FIRST_DAY

HEADER = "plant,grouping,product,group,effective_from"
YAML = """
groups:
  - {plant: north, grouping: family, product: TR29, group: valves, effective_from: 2026-03-01}
  - {plant: north, grouping: family, product: TR30, group: no group}
"""
CSV = f"{HEADER}\nnorth,family,TR29,valves,2026-03-01\nnorth,family,TR30,no group,\n"


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def workbook(folder: Path) -> Path:
    book = Workbook()
    sheet = book.create_sheet("groups")  # the first one is empty
    sheet.append(HEADER.split(","))
    sheet.append(["north", "family", "TR29", "valves", date(2026, 3, 1)])
    sheet.append(["north", "family", "TR30", "no group", None])
    book.save(folder / "groups.xlsx")
    return folder / "groups.xlsx"


def test_yaml_csv_and_excel_say_the_same(tmp_path: Path) -> None:
    files = [
        written(tmp_path, "groups.yaml", YAML), written(tmp_path, "groups.csv", CSV),
        written(tmp_path, "semicolons.csv", CSV.replace(",", ";")), workbook(tmp_path),
    ]  # fmt: skip
    for file in files:
        valve, none = read_group_file(file).groups
        assert (valve.plant, valve.grouping, valve.product) == ("north", "family", "TR29"), file
        assert (valve.group, valve.effective_from) == ("valves", date(2026, 3, 1)), file
        assert (none.group, none.effective_from) == ("no group", FIRST_DAY), file


REFUSED = [
    (",family,TR29,valves,", "groups.csv, row 2, column plant: Field required"),
    ("north,family,TR29,,", "groups.csv, row 2, column group: Field required"),
    ("north,family,TR29,No Group,", 'write "no group" to take the product out of its group'),
    ("north,family,TR29,valves,March", 'column effective_from: "March" is not a day: write it as'),
    ("north,family,TR29,valves,2026-02-30", '"2026-02-30" is not a day'),
    ("north,family,TR29,valves,2026-03-01T06:00:00", "is not a day"),
    ("north,family,TR29,valves,0001-01-01", "is not in the years 2000 to 2199"),
    (
        "north,family,TR29,valves,2026-03-01\nnorth,family,TR29,cores,2026-03-01",
        'product "TR29" of north is in 2 groups of family from 2026-03-01 on: valves, cores; '
        "leave one row of it",
    ),
]


@pytest.mark.parametrize(("rows", "words"), REFUSED)
def test_a_membership_that_is_none_is_refused_with_its_place(
    tmp_path: Path, rows: str, words: str
) -> None:
    with pytest.raises(RateFileError) as caught:
        read_group_file(written(tmp_path, "groups.csv", f"{HEADER}\n{rows}\n"))
    assert words in str(caught.value), caught.value.faults
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("groups.csv", "plant,grouping,product\n", "lacks the column group; a group file has"),
        ("groups.csv", "plant,groping,product,group\n", '"groping" is not a column of groups'),
        ("groups.csv", HEADER + "\n", "is empty"),
        ("groups.yaml", "", "is empty: a group file has groups"),
        ("groups.yaml", "groups: []", "is empty: a group file has groups"),
        ("groups.yaml", "groups: [{plnat: north}]", 'is not a field here; did you mean "plant"?'),
        ("groups.ods", "", "save it as .xlsx"),
    ],
)
def test_a_file_without_groups_is_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(RateFileError) as caught:
        read_group_file(written(tmp_path, name, text))
    assert words in str(caught.value)
