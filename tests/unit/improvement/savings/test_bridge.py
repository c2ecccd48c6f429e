"""From the baseline to a month: the effects, and that nothing is left over."""

import json
from decimal import Decimal as D
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.improvement.savings.bridge import Bridge, Cell, Effect, NoBaseline, Side, bridge
from copq.ledger.money import digits
from tests.support.searching import examples, soaking

CASE = json.loads((Path(__file__).parents[3] / "cases" / "savings.json").read_text())
ONE = Fraction(1)


def side(booked: str, exposure: str, at_frozen: str | None = None) -> Side:
    return Side(booked=D(booked), at_frozen_rates=D(at_frozen or booked), exposure=D(exposure))


def at_rate(units: str, rate: str) -> Side:
    return side(str(D(units) * D(rate)), units)


def test_every_published_case_has_a_test() -> None:
    """The carry-over is tested with the years."""
    assert set(CASE) == {"source", "volume_mix_rate", "carry_over"}


def test_the_published_variance_analysis_comes_out_per_product_and_in_total() -> None:
    case = CASE["volume_mix_rate"]
    cells = [
        Cell(
            name=row["product"],
            baseline=at_rate(row["baseline_units"], row["baseline_rate"]),
            month=at_rate(row["units"], row["rate"]),
        )
        for row in case["products"]
    ]
    found = bridge(cells, ONE)
    for row in case["products"]:
        of_product = found.cells[row["product"]]
        printed = [D(row[name]) for name in ("volume", "mix", "remainder")]
        effects = (Effect.VOLUME, Effect.MIX, Effect.PERFORMANCE)
        assert [of_product[effect] for effect in effects] == printed
    totals = case["totals"]
    assert (found.baseline, found.actual) == (D(totals["baseline"]), D(totals["actual"]))
    assert found.rounded("EUR").effects == {
        Effect.VOLUME: D(totals["volume"]), Effect.MIX: D(totals["mix"]), Effect.RATES: 0,
        Effect.NON_ROUTINE: 0, Effect.WITHOUT_BASELINE: 0,
        Effect.PERFORMANCE: D(totals["remainder"]),
    }  # fmt: skip
    assert found.saving == -D(totals["remainder"])


def test_a_rate_rise_alone_is_no_saving_and_no_loss_of_the_project() -> None:
    found = bridge([Cell(name="A", baseline=side("300", "300"), month=side("150", "100", "100"))],
                   Fraction(3))  # fmt: skip
    assert found.effects[Effect.RATES] == 50
    assert found.saving == 0


def test_what_is_not_routine_is_not_performance() -> None:
    cells = [Cell(name="A", baseline=side("100", "100"), month=side("180", "100"))]
    found = bridge(cells, ONE, non_routine=D(60))
    assert (found.effects[Effect.NON_ROUTINE], found.saving) == (60, -20)


def test_a_product_without_a_baseline_is_named_and_cannot_be_claimed() -> None:
    new = Cell(name="new", month=side("70", "50"))
    unmade = Cell(name="unmade", baseline=side("30", "0"))
    old = Cell(name="old", baseline=side("100", "100"), month=side("80", "100"))
    found = bridge([new, unmade, old], ONE)
    assert found.without_baseline == ("new", "unmade")
    assert found.effects[Effect.WITHOUT_BASELINE] == 70 - 30
    assert (found.saving, found.effects[Effect.VOLUME], found.residual) == (20, 0, 0)


def test_losses_without_a_product_are_measured_by_the_units_of_their_line() -> None:
    products = [
        Cell(name="A", baseline=side("0", "100"), month=side("0", "300")),
        Cell(name="B", baseline=side("0", "100"), month=side("0", "100")),
    ]
    stops = Cell(name="stops", pool="L1", baseline=side("50", "200"), month=side("60", "400"))
    found = bridge([*products, stops], ONE)
    assert found.effects[Effect.VOLUME] == 50
    assert (found.effects[Effect.MIX], found.saving) == (0, 40)


def test_a_product_with_a_substitute_is_compared_with_it() -> None:
    """A unit of it may lose 2: that is mix, and what it loses less is a saving."""
    new = Cell(name="new", month=side("70", "50", "75"), substitute=Fraction(2))
    old = Cell(name="old", baseline=side("100", "100"), month=side("100", "100"))
    found = bridge([new, old], ONE)
    assert (found.without_baseline, found.residual) == ((), 0)
    assert (found.effects[Effect.MIX], found.saving) == (100, 25)
    assert (found.effects[Effect.RATES], found.effects[Effect.VOLUME]) == (-5, 0)


@pytest.mark.parametrize(
    ("cells", "months", "reason"),
    [
        ([Cell(name="A", month=side("5", "5"))], ONE, "nothing was made in the baseline"),
        ([], ONE, "nothing was made"),
        ([Cell(name="A", baseline=side("5", "5"))], Fraction(0), "longer than 0"),
    ],
)
def test_a_baseline_that_nothing_can_be_compared_with_is_refused(
    cells: list[Cell], months: Fraction, reason: str
) -> None:
    with pytest.raises(NoBaseline, match=reason):
        bridge(cells, months)


def random_month(random: Random) -> Bridge:
    """Any plant: losses of any sign and size, products that come and go, two lines' stops."""

    def any_side() -> Side:
        return Side(
            booked=D(random.randint(-(10**6), 10**9)).scaleb(-random.randint(0, 9)),
            at_frozen_rates=D(random.randint(-(10**6), 10**9)).scaleb(-random.randint(0, 9)),
            exposure=D(random.choice([0, 1, random.randint(1, 10**6)])).scaleb(
                -random.randint(0, 3)
            ),
        )

    cells = [
        Cell(name=number, pool=random.choice([None, "L1"]), baseline=any_side(), month=any_side())
        for number in range(random.randint(0, 4))
    ]
    sure = Cell(name="sure", baseline=side("17.31", "7"), month=any_side())
    non_routine = D(random.randint(-(10**5), 10**5)).scaleb(-2)
    months = Fraction(random.randint(1, 400), random.randint(28, 31))
    return bridge([*cells, sure], months, non_routine)


def test_nothing_is_left_over_in_any_month() -> None:
    random = Random(14)
    for _ in range(1_000_000 if soaking() else 2_000):
        found = random_month(random)
        assert found.residual == 0
        currency = random.choice(["EUR", "JPY", "KWD"])
        shown, unit = found.rounded(currency), D(1).scaleb(-digits(currency))
        assert shown.residual == 0
        for figure, exact in (
            (shown.baseline, found.baseline), (shown.actual, found.actual),
            (shown.saving, found.saving),
        ):  # fmt: skip
            assert abs(Fraction(figure) - exact) <= Fraction(unit) / 2
        assert all(
            abs(Fraction(shown.effects[e]) - exact) < 2 * unit for e, exact in found.effects.items()
        )
        for effect in (Effect.VOLUME, Effect.MIX, Effect.RATES, Effect.WITHOUT_BASELINE):
            by_cell = [one.get(effect, Fraction()) for one in found.cells.values()]
            assert sum(by_cell) == found.effects[effect]


@examples(0.5)
@given(st.integers(1, 50), st.integers(0, 10**6))
def test_a_plant_that_only_makes_more_of_the_same_saves_nothing(times: int, loss: int) -> None:
    before = Side(booked=D(loss), at_frozen_rates=D(loss), exposure=D(12))
    after = Side(booked=D(loss * times), at_frozen_rates=D(loss * times), exposure=D(12 * times))
    found = bridge([Cell(name="A", baseline=before, month=after)], ONE)
    assert found.saving == 0
    assert found.effects[Effect.VOLUME] == loss * (times - 1)
