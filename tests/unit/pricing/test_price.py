"""Each event type's formula, in rows computed by hand."""

from decimal import Decimal as D
from decimal import localcontext
from typing import Any

import pytest

from copq.ledger.arithmetic import MONEY
from copq.pricing.price import price
from copq.rates.store import book_of
from copq.schemas.decode import decode
from copq.schemas.priced import FAILURES, Category, Outcome
from copq.schemas.rates import LabourRate, LineRate, ReworkRates
from tests.support.building import LONG_AGO, event, rates
from tests.support.costing.rows import figures, priced

BOTTLE = {"product": "bottle"}
ROWS: tuple[tuple[str, dict[str, Any], list[tuple[str, dict[str, Any]]]], ...] = (
    # base = 100 x C(filled) 10; how many are good is unknown where nothing is said
    ("production", {**BOTTLE, "quantity": 100},
     [("production", {"quantity": 100, "base": 1000, "ungraded": 100})]),
    # good as said; none may be
    ("production", {**BOTTLE, "quantity": 100, "good": 0},
     [("production", {"quantity": 100, "base": 1000})]),
    # the last stage is where product leaves the line
    ("production", {**BOTTLE, "quantity": 100, "stage": "filled"},
     [("production", {"quantity": 100, "base": 1000, "ungraded": 100})]),
    # an earlier stage is not a base
    ("production", {**BOTTLE, "quantity": 100, "stage": "blown"},
     [("stage_production", {"quantity": 100, "ungraded": 100})]),
    # a machine at the end of the line is a base
    ("production", {**BOTTLE, "quantity": 100, "work_unit": "packer-2"},
     [("production", {"quantity": 100, "base": 1000, "ungraded": 100})]),
    # one in the middle is none, even at the last stage
    ("production", {**BOTTLE, "quantity": 100, "work_unit": "filler-1", "stage": "filled"},
     [("stage_production", {"quantity": 100, "ungraded": 100})]),
    # a machine of a line without output machines: by its stage, else none
    ("production", {**BOTTLE, "quantity": 9, "work_unit": "m", "line": "packing"},
     [("stage_production", {"quantity": 9, "ungraded": 9})]),
    ("production", {**BOTTLE, "quantity": 9, "work_unit": "m", "line": "idle", "stage": "filled"},
     [("production", {"quantity": 9, "base": 90, "ungraded": 9})]),
    # gross = 10 x C(blown) 8 = 80; recovered = 10 x 0.5 x RM 4 = 20; allowed = 0.1 x 60
    # and the dispatch of the day: 7, of which 0.1 is allowed
    ("defect", {**BOTTLE, "quantity": 10, "stage": "blown"},
     [("defect", {"quantity": 10, "gross": 80, "recovered": 20, "allowed": 6}),
      ("recovery_overhead", {"gross": 7, "allowed": "0.7"})]),
    # scrap without a stage is a finished unit: 10 x 10; recovered 20; allowed 0.1 x 80
    ("scrap", {**BOTTLE, "quantity": 10},
     [("scrap", {"quantity": 10, "gross": 100, "recovered": 20, "allowed": 8}),
      ("recovery_overhead", {"gross": 7, "allowed": "0.7"})]),
    # nothing recoverable: no dispatch; RM is that of the first stage; nothing allowed
    ("scrap", {"product": "cap", "quantity": "1.5"},
     [("scrap", {"quantity": "1.5", "gross": 3})]),
    # recovery of 3 x 1 x RM 8 = 24 is capped at the gross of 3 x 2
    ("scrap", {"product": "label", "quantity": 3},
     [("scrap", {"quantity": 3, "gross": 6, "recovered": 6})]),
    # 4 x (1 + 2 + 3)
    ("rework", {**BOTTLE, "quantity": 4}, [("rework", {"quantity": 4, "gross": 24})]),
    # minutes replace the labour: 30 x 0.5 + 4 x (2 + 3), and 9 out of pocket
    ("rework", {**BOTTLE, "quantity": 4, "minutes": 30, "out_of_pocket": 9},
     [("rework", {"quantity": 4, "gross": 44, "seconds": 1800})]),
    # the grade of who did it: 30 x 0.8 + 4 x 5
    ("rework", {**BOTTLE, "quantity": 4, "minutes": 30, "labour_grade": "skilled"},
     [("rework", {"quantity": 4, "gross": 44, "seconds": 1800})]),
    # no minutes differ from zero minutes: 0 + 4 x 5
    ("rework", {**BOTTLE, "quantity": 4, "minutes": 0}, [("rework", {"quantity": 4, "gross": 20})]),
    # 10 x (15 - 9)
    ("downgrade", {**BOTTLE, "quantity": 10}, [("downgrade", {"quantity": 10, "gross": 60})]),
    # seconds that sell for more lose nothing
    ("downgrade", {"product": "label", "quantity": 10}, [("downgrade", {"quantity": 10})]),
    # spent 35, earned 120: an income of 85
    ("recovery", {"out_of_pocket": 35, "credit": 120, "quantity": 9},
     [("recovery", {"quantity": 9, "gross": 35, "recovered": 120})]),
    # in house: (10 - 4) x 6 + transport 20 = 56, allowed 5.6; scrap 4 x (12 - 2 + 1) = 44
    ("return", {**BOTTLE, "quantity": 10, "scrapped": 4, "transport": 20},
     [("rework_of_returns", {"quantity": 6, "gross": 56, "allowed": "5.6"}),
      ("return_scrap", {"quantity": 4, "gross": 44, "allowed": "4.4"})]),
    # on site: 6 x 7 + travel 20 = 62
    ("return", {**BOTTLE, "quantity": 10, "scrapped": 4, "travel": 20, "on_site": True},
     [("rework_on_site", {"quantity": 6, "gross": 62, "allowed": "6.2"}),
      ("return_scrap", {"quantity": 4, "gross": 44, "allowed": "4.4"})]),
    # all scrapped: no rework
    ("return", {**BOTTLE, "quantity": 4, "scrapped": 4},
     [("return_scrap", {"quantity": 4, "gross": 44, "allowed": "4.4"})]),
    # all scrapped, but they were carried
    ("return", {**BOTTLE, "quantity": 4, "scrapped": 4, "transport": 20},
     [("rework_of_returns", {"gross": 20, "allowed": 2}),
      ("return_scrap", {"quantity": 4, "gross": 44, "allowed": "4.4"})]),
    # scrap that brings more than the price costs nothing
    ("return", {"product": "label", "quantity": 4, "scrapped": 4},
     [("return_scrap", {"quantity": 4})]),
    # 45 x 0.5 + 10
    ("complaint", {"minutes": 45, "out_of_pocket": 10},
     [("complaint", {"gross": "32.5", "seconds": 2700})]),
    # money as it was paid
    ("warranty", {"out_of_pocket": "950.25", "quantity": 3},
     [("warranty", {"quantity": 3, "gross": "950.25"})]),
    # 100 minutes are not a whole number of hours, but of seconds: 100 x 0.8
    ("inspection", {"minutes": 100, "labour_grade": "skilled"},
     [("inspection", {"gross": 80, "seconds": 6000})]),
    # an inspected quantity is not a cost
    ("inspection", {"out_of_pocket": 5, "quantity": 1000},
     [("inspection", {"quantity": 1000, "gross": 5})]),
    # 240 x 0.5 + 600
    ("prevention", {"minutes": 240, "out_of_pocket": 600},
     [("prevention", {"gross": 720, "seconds": 14400})]),
    # 500 units made for nothing at C(filled), 60 x 0.5, and 1 out of pocket
    ("admin_failure", {**BOTTLE, "quantity": 500, "minutes": 60, "out_of_pocket": 1},
     [("admin_failure", {"quantity": 500, "gross": 5031, "seconds": 3600})]),
)  # fmt: skip


@pytest.mark.parametrize(("event_type", "said", "expected"), ROWS)
def test_an_event_costs_what_its_formula_says(
    event_type: str, said: dict[str, Any], expected: list[tuple[str, dict[str, Any]]]
) -> None:
    pricing = priced(event_type, **said)
    assert pricing.outcome == Outcome.PRICED, pricing.reason
    got = [(entry.element, figures(entry)) for entry in pricing.entries]
    assert got == [(name, {k: D(v) for k, v in row.items()}) for name, row in expected]


CATEGORIES = (
    (Category.NONE, ("production",)),
    (Category.INTERNAL_FAILURE, ("defect", "scrap", "rework", "downgrade", "recovery")),
    (Category.EXTERNAL_FAILURE, ("return", "complaint", "warranty")),
    (Category.APPRAISAL, ("inspection",)),
    (Category.PREVENTION, ("prevention",)),
    (Category.ADMINISTRATIVE_FAILURE, ("admin_failure",)),
)


@pytest.mark.parametrize(("category", "event_types"), CATEGORIES)
def test_every_entry_is_in_the_category_of_its_event(
    category: Category, event_types: tuple[str, ...]
) -> None:
    rows = [(event_type, said) for event_type, said, _ in ROWS if event_type in event_types]
    entries = [entry for name, said in rows for entry in priced(name, **said).entries]
    assert {entry.category for entry in entries} == {category}


def test_copq_is_failure_alone() -> None:
    assert set(Category) - set(FAILURES) == {
        Category.NONE, Category.PREVENTION, Category.APPRAISAL,
    }  # fmt: skip


STOPS = (
    # on a bottleneck the lost contribution comes on top: 2 + 3
    ({"line": "filling"}, 5),
    # elsewhere time costs nothing
    ({"line": "packing"}, 2),
    # a planned stop costs nothing
    ({"line": "filling", "planned": True}, 0),
    # unless the table says so
    ({"line": "packing", "planned": True}, "0.5"),
)


def test_labour_at_38_an_hour_is_exact() -> None:
    """200 units of 6 minutes each, material 1.20 and overhead 4.50 a unit."""
    rework = ReworkRates(material=D("1.20"), overhead=D("4.50"))
    labour = LabourRate(plant="north", effective_from=LONG_AGO, rate_per_hour=D(38))
    file = rates(rework_in_house=rework)
    hourly = book_of(file.model_copy(update={"labour_rates": (labour,)}))
    said = event("rework", "r", occurred_at="2026-03-02T10:00:00+01:00", product="widget",
                 quantity=200, minutes=1200)  # fmt: skip
    with localcontext(MONEY):
        [entry] = price(decode(said), hourly).entries
    assert (entry.gross, entry.labour_version) == (1900, 1)


def test_a_stop_at_38_an_hour_is_exact() -> None:
    line = LineRate(
        plant="north", line="L1", effective_from=LONG_AGO, rate_per_hour=D(38), bottleneck=True,
        contribution_per_minute=D("0.5"), planned_rate_per_hour=D(1),
    )  # fmt: skip
    assert (line.per_hour(False), line.per_hour(True)) == (68, 1)


@pytest.mark.parametrize(("said", "per_minute"), STOPS)
def test_a_stop_has_a_rate_a_minute_and_no_entry(said: dict[str, Any], per_minute: Any) -> None:
    pricing = priced("downtime", started_at="2026-01-31T14:05:00+01:00", **said)
    assert (pricing.outcome, pricing.entries) == (Outcome.STOP, [])
    assert pricing.stop is not None
    assert pricing.stop.per_hour == 60 * D(per_minute)
    assert (pricing.stop.currency, pricing.stop.rate_version) == ("EUR", 1)


def test_a_correction_has_no_price_of_its_own() -> None:
    pricing = priced("correction", corrects="mes-1", reason="counted twice")
    assert (pricing.outcome, pricing.entries) == (Outcome.CORRECTION, [])


def test_the_tables_of_a_plant_go_before_those_of_all() -> None:
    for plant, line, gross in (("hamburg", "filling", 2), ("lyon", "any", 3)):
        [entry] = priced("scrap", product="cap", quantity=1, plant=plant, line=line).entries
        assert entry.gross == gross
