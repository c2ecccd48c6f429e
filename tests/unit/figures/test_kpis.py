"""Key figures of ISO 22400-2 against published ones."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from copq.ledger.kpis import Busy, Repairs, Units, busy

CASES = json.loads((Path(__file__).parents[2] / "cases" / "kpis.json").read_text())


def four_places(value: Decimal | None) -> str:
    assert value is not None
    return f"{value:.4f}"


def test_oee_and_its_factors_are_those_published() -> None:
    case = CASES["oee"]
    found = busy(
        60 * Decimal(case["shift_minutes"] - case["planned_breaks_minutes"]),
        60 * Decimal(case["downtime_minutes"]),
        Units(Decimal(case["processed"]), Decimal(case["good"])),
        Decimal(case["ideal_rate_per_minute"]),
    )  # fmt: skip
    assert (found.planned, found.running) == (
        60 * case["planned_production_time"], 60 * case["run_time"],
    )  # fmt: skip
    for name, value in (
        ("availability", found.availability), ("performance", found.effectiveness),
        ("oee", found.oee),
    ):  # fmt: skip
        assert four_places(value) == case[name], name
    # Published to three places and a zero: 0.97805 is printed as 0.9780.
    assert abs(Decimal(four_places(found.quality)) - Decimal(case["quality"])) <= Decimal("0.0001")


def test_oee_is_the_product_of_its_factors() -> None:
    units = Units(Decimal(19271), Decimal(18848))
    found = busy(Decimal(420 * 60), Decimal(47 * 60), units, Decimal(60))
    assert found.availability and found.effectiveness and found.quality and found.oee
    product = found.availability * found.effectiveness * found.quality
    assert abs(product - found.oee) < Decimal("1e-8")


def test_a_line_of_two_machines_is_weighed_by_their_time() -> None:
    """0.80 in 100 minutes and 0.45 in 300 are 0.5375, not the mean of 0.625."""
    line = Busy(Decimal(100), Decimal(0), Decimal(80), Decimal(80))
    line.add(Busy(Decimal(300), Decimal(0), Decimal(135), Decimal(135)))
    assert line.oee == Decimal("0.5375")


def test_without_production_there_is_no_ratio() -> None:
    units = Units(scrapped=Decimal(3), reworked=Decimal(1))
    assert (units.scrap_ratio, units.rework_ratio, units.first_pass_yield, units.quality) == (
        None, None, None, None,
    )  # fmt: skip
    assert Busy().availability is None and Busy().effectiveness is None and Busy().oee is None


def test_ratios_of_units() -> None:
    units = Units(Decimal(200), Decimal(190), scrapped=Decimal(8), reworked=Decimal(10))
    assert (units.scrap_ratio, units.rework_ratio) == (Decimal("0.04"), Decimal("0.05"))
    assert (units.first_pass_yield, units.quality) == (Decimal("0.9"), Decimal("0.95"))


def test_more_rework_than_good_units_is_a_yield_of_zero() -> None:
    assert Units(Decimal(10), Decimal(2), reworked=Decimal(5)).first_pass_yield == 0


GRADED = (
    # nobody says how many are good: those that were not rejected
    (Units(Decimal(1000), ungraded=Decimal(1000), scrapped=Decimal(100)), "0.9"),
    # more rejected than produced at the end of the line
    (Units(Decimal(10), ungraded=Decimal(10), scrapped=Decimal(12)), "0"),
    # what is reported counts, whatever was rejected at earlier stages
    (Units(Decimal(1000), good=Decimal(980), scrapped=Decimal(70)), "0.98"),
    # of a part of the units nobody says it, and nobody knows where the rejects belong
    (Units(Decimal(1000), good=Decimal(490), ungraded=Decimal(500), scrapped=Decimal(9)), None),
)


@pytest.mark.parametrize(("units", "quality"), GRADED)
def test_quality_is_that_of_reported_good_units_or_of_the_rejects(
    units: Units, quality: str | None
) -> None:
    expected = None if quality is None else Decimal(quality)
    found = units.graded()
    assert (found.quality, found.first_pass_yield) == (expected, expected)
    assert (busy(Decimal(60), Decimal(0), found, Decimal(1)).oee is None) == (quality is None)


def test_mean_time_to_repair_is_a_mean_over_stops_not_over_lines() -> None:
    repairs = Repairs()
    assert repairs.mean_time_to_repair is None
    repairs.add(3, 300.0)
    repairs.add(1, 500.0)
    assert repairs.mean_time_to_repair == 200.0
