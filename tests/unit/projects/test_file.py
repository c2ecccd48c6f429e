"""A file of projects: what it means, and what is refused with its place."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from copq.improvement.projects.plan import BenefitType, Exposure, promised
from copq.projects.file import read_projects
from copq.projects.plan_json import plan_json, plan_of, plan_of_item
from copq.rates.file import RateFileError

GOOD = """
projects:
  - plant: north
    name: caps
    owner: olga
    sponsor: sven
    scope: {line: L1, defect_code: [LEAK, LOOSE]}
    baseline: {first: 2026-01-01, last: 2026-03-31}
    starts: 2026-04-15
    currency: EUR
    exposure: production_hours
    benefits:
      - {type: hard, amount: 100.50, first_month: 2026-11}
      - {type: soft, amount: 7, kind: once, first_month: 2026-05}
    investments:
      - {name: capper, amount: 1200, first_month: 2026-04}
"""


def read(tmp_path: Path, text: str, name: str = "projects.yaml") -> list[str]:
    """The faults of a file; none if it is read."""
    path = tmp_path / name
    path.write_text(text)
    try:
        read_projects(path)
    except RateFileError as error:
        return error.faults
    return []


def test_a_plan_is_what_its_file_says_and_comes_back_from_json(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(GOOD)
    (item,) = read_projects(tmp_path / "p.yaml").projects
    plan = plan_of_item(item)
    assert plan.scope == {"line": {"L1"}, "defect_code": {"LEAK", "LOOSE"}}
    assert plan.exposure is Exposure.PRODUCTION_HOURS
    promise = promised(plan.benefits)
    assert len(promise) == 13
    assert promise[date(2027, 10, 1), BenefitType.HARD] == Decimal("100.5")
    assert promise[date(2026, 5, 1), BenefitType.SOFT] == 7
    assert plan_of(plan_json(plan)) == plan
    assert plan_json(plan)["benefits"][0]["amount"] == "100.5"


FAULTS = [
    ("starts: 2026-04-15", "starts: 2026-03-15",
     "projects.0: starts: 2026-03-15 is in the baseline, which lasts until 2026-03-31: end the "
     "baseline before the start"),
    ("last: 2026-03-31", "last: 2025-03-31",
     "projects.0.baseline: last 2025-03-31 is before first 2026-01-01: swap them"),
    ("first_month: 2026-11", "first_month: 2026-03",
     "projects.0: benefits: one begins in 2026-03, before the start on 2026-04-15: let it begin "
     "in 2026-04 or later"),
    ("kind: once, first_month: 2026-05", "kind: once, first_month: 2026-05, last_month: 2026-06",
     "projects.0.benefits.1: last_month: what is once has a first_month alone; leave it out"),
    ("{line: L1,", "{grouping: family,",
     "projects.0.scope: group and grouping: name both of them, or none"),
    ("{line: L1,", "{product: a, grouping: family, group: caps,",
     "projects.0.scope: product: name products or a group, not both"),
    ("{line: L1,", '{grouping: family, group: "no group",',
     'projects.0.scope: group: "no group" has no list of products: name the products'),
    ("line: L1", "lin: L1",
     'projects.0.scope.lin: is not a field here; did you mean "line"?'),
    ("amount: 1200", "amount: 0",
     "projects.0.investments.0.amount: Input should be greater than 0"),
    ("first_month: 2026-04}", "first_month: 2026-04}\n      - {name: capper, amount: 1, "
     "first_month: 2026-05}",
     'investment "capper" of project "caps" is there 2 times: leave one of them'),
]  # fmt: skip


@pytest.mark.parametrize(("good", "bad", "words"), FAULTS, ids=lambda v: v[:40])
def test_a_fault_has_its_place_and_a_remedy(
    tmp_path: Path, good: str, bad: str, words: str
) -> None:
    assert good in GOOD
    assert read(tmp_path, GOOD.replace(good, bad)) == [words]


def test_other_files_are_refused_with_what_a_file_holds(tmp_path: Path) -> None:
    [empty] = read(tmp_path, "projects: []")
    assert empty.startswith("is empty: a file of projects has projects, each with plant, name, ow")
    [table] = read(tmp_path, "plant,name", "projects.csv")
    assert table == "is not YAML: a project has parts of its own; name it .yaml"
