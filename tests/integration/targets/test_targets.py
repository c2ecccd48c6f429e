"""Targets: which one counts, from when, and what a file may say."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from copq.access.authority import Actor
from copq.rates.file import RateFileError
from copq.rates.store import import_rates, load
from copq.schemas.targets import TargetFile
from copq.targets.book import SetBudget, SetTarget, TargetBook, in_force
from copq.targets.file import read_target_file
from copq.targets.store import history, import_targets, load_targets
from tests.support.building import book, plant, rates

NOW = datetime.fromisoformat("2026-03-02T12:00:00+01:00")


def day(number: int) -> datetime:
    return datetime.fromisoformat(f"2026-03-{number:02}T00:00:00+01:00")


def target(ratio: str | None, *where: str, start: datetime | None = None) -> SetTarget:
    plant, line, product, window = (*where, "", "", "", "")[:4]
    value = None if ratio is None else Decimal(ratio)
    return SetTarget(plant, line, product, window, start or day(1), value)


MOST_SPECIFIC = [
    ((), "0.10"),  # all plants
    (("north",), "0.09"),
    (("north", "", "", "1h"), "0.08"),  # a window of it comes before all windows
    (("north", "L1"), "0.07"),  # a line comes before a window of its plant
    (("north", "L1", "", "1h"), "0.06"),
    (("", "", "widget"), "0.05"),  # a product comes before a line
    (("north", "", "widget"), "0.04"),
    (("north", "L1", "widget"), "0.03"),
    (("north", "L1", "widget", "1h"), "0.02"),
]


@pytest.mark.parametrize("count", range(1, len(MOST_SPECIFIC) + 1))
def test_the_most_specific_target_counts(count: int) -> None:
    known = [target(ratio, *where) for where, ratio in MOST_SPECIFIC[:count]]
    found = in_force(reversed(known), [], NOW).target("north", "L1", "widget", "1h")
    assert found == Decimal(MOST_SPECIFIC[count - 1][1])


def test_a_target_of_something_else_does_not_count() -> None:
    known = [
        target("0.1", "south"), target("0.2", "north", "L2"), target("0.3", "north", "", "cap"),
        target("0.4", "north", "", "", "24h"),
    ]  # fmt: skip
    found = in_force(known, [], NOW)
    assert found.target("north", "L1", "widget", "1h") is None
    assert found.target("north") is None


def test_a_target_counts_from_its_date_until_the_next() -> None:
    known = [target("0.1", start=day(3)), target("0.2", start=day(1)), target("0.3", start=day(2))]
    assert [in_force(known, [], day(n)).target("north") for n in (1, 2, 3)] == [
        Decimal("0.2"), Decimal("0.3"), Decimal("0.1"),
    ]  # fmt: skip
    before = datetime.fromisoformat("2026-02-28T23:00:00+01:00")
    assert in_force(known, [], before) == TargetBook()


def test_the_last_word_on_a_date_counts_and_nothing_takes_it_away() -> None:
    known = [target("0.1"), target("0.2"), target(None)]
    assert in_force(known[:2], [], NOW).target("north") == Decimal("0.2")
    assert in_force(known, [], NOW).target("north") is None


def test_a_budget_is_of_its_plant_or_line() -> None:
    known = [
        SetBudget("north", "", "", day(1), Decimal(40000)),
        SetBudget("north", "L1", "", day(1), Decimal(9)),
    ]  # fmt: skip
    assert in_force([], known, NOW).budgets == {("north", ""): 40000, ("north", "L1"): 9}


FILE = """
time_zone: Europe/Berlin
targets:
  - {effective_from: 2026-01-01, ratio: 0.05}
  - {plant: north, line: L1, window: 1h, effective_from: 2026-01-01, ratio: 0.03}
budgets:
  - {plant: north, effective_from: 2026-01-01, amount: 40000.50}
"""


def read(tmp_path: Path, text: str) -> TargetFile:
    file = tmp_path / "targets.yaml"
    file.write_text(text)
    return read_target_file(file)


async def test_a_file_is_imported_once(conn: Any, tmp_path: Path) -> None:
    file = read(tmp_path, FILE)
    first = await import_targets(conn, file, book(), "targets.yaml", Actor("finance"))
    assert (first.targets, first.budgets, first.unchanged) == (2, 1, 0)
    again = await import_targets(conn, file, book(), "targets.yaml", Actor("finance"))
    assert (again.targets, again.budgets, again.unchanged) == (0, 0, 3)
    found = await load_targets(conn, NOW)
    assert found.target("north", "L1", "", "1h") == Decimal("0.03")
    assert found.target("south") == Decimal("0.05")
    assert found.budgets == {("north", ""): Decimal("40000.50")}


async def test_what_is_taken_away_stays_in_the_history(conn: Any, tmp_path: Path) -> None:
    await import_targets(conn, read(tmp_path, FILE), book(), "targets.yaml", Actor("finance"))
    gone = read(tmp_path, "targets: [{effective_from: 2026-01-31T00:00:00Z, ratio: null}]")
    await import_targets(conn, gone, book(), "targets.yaml", Actor("finance"))
    assert (await load_targets(conn, NOW)).target("south") is None
    assert [t.ratio for t in (await history(conn))[0]] == [Decimal("0.05"), Decimal("0.03"), None]


async def test_a_plant_or_line_that_is_not_in_the_rate_book_is_refused(conn: Any) -> None:
    await import_rates(conn, rates(plant(lines=("L1", "L2"))), "rates.yaml", "finance")
    items = [
        {"plant": "norht", "effective_from": day(1), "ratio": "0.1"},
        {"plant": "north", "line": "L7", "effective_from": day(1), "ratio": "0.1"},
    ]
    file = TargetFile.model_validate({"targets": items})
    with pytest.raises(RateFileError) as caught:
        await import_targets(conn, file, await load(conn), "targets.yaml", Actor("finance"))
    assert caught.value.faults == [
        'plant "norht" is not in the rate book; its plants: north; did you mean "north"?',
        'line "L7" is not in plant "north"; its lines are L1, L2',
    ]
    assert await history(conn) == ([], [])


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ("{plant: north, effective_from: 2026-01-01, ratio: 3}",
         "targets.0.ratio: Input should be less than or equal to 1"),
        ("{line: L1, effective_from: 2026-01-01, ratio: 0.1}",
         "targets.0: line: needs its plant next to it"),
        ("{plant: north, windw: 1h, effective_from: 2026-01-01, ratio: 0.1}",
         'targets.0.windw: is not a field here; did you mean "window"?'),
        ("{plant: north, ratio: 0.1}", "targets.0.effective_from: Field required"),
    ],
)  # fmt: skip
def test_a_fault_names_its_place(tmp_path: Path, item: str, fault: str) -> None:
    with pytest.raises(RateFileError) as caught:
        read(tmp_path, f"time_zone: UTC\ntargets: [{item}]")
    assert caught.value.faults == [fault]
