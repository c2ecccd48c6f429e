"""What explains a change: its parts add up, and it depends on nothing but the money."""

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.labelled_cases import L, generated_cases
from benchmarks.planted_causes import DIMENSIONS, KINDS, planted_cases
from copq.improvement.explaining.combinations import in_order
from copq.improvement.explaining.explain import Explanation, Leaf, explain, last_digit
from copq.improvement.explaining.exposure import SAME, Exposure, Values
from copq.improvement.explaining.rounding import rounded_parts
from tests.support.searching import examples

D = Decimal
NAMES = ("line", "product", "supplier")

Units = dict[Values, tuple[Decimal, Decimal]]


def leaf(values: tuple[str | None, ...], before: str, after: str) -> Leaf:
    return Leaf(values, D(before), D(after))


amounts = st.decimals(-1000, 100_000, places=4)
values = st.tuples(*[st.sampled_from(["1", "2", "3", None])] * 3)
entries = st.floats(0, 1e6)
leaves = st.lists(
    st.builds(Leaf, values, amounts, amounts, entries, entries), min_size=0, max_size=40
)
units = st.decimals(0, 10_000, places=1)
groups: st.SearchStrategy[Values] = st.tuples(st.sampled_from("123"), st.sampled_from("123"))
exposures = st.dictionaries(groups, st.tuples(units, units), max_size=9).map(
    lambda units: Exposure(("line", "product"), units)
)


def all_parts(found: Explanation) -> list[Decimal]:
    own = [part.money for part in found.parts]
    return [found.volume, found.mix, found.without_baseline, *own, found.everything_else]


@examples(0.3)
@given(leaves, exposures | st.just(SAME), st.sampled_from([D("0.01"), D(1), D("0.001")]))
def test_the_parts_add_up_to_the_change(
    history: list[Leaf], exposure: Exposure, unit: Decimal
) -> None:
    found = explain(NAMES, history, exposure, unit)
    change = sum((leaf.after - leaf.before for leaf in history), D(0))
    assert sum(all_parts(found)) == found.total
    assert abs(found.total - change) <= unit / 2
    assert all(part % unit == 0 for part in all_parts(found))


@examples(0.15)
@given(leaves, exposures, st.randoms())
def test_the_order_of_rows_does_not_matter(
    history: list[Leaf], exposure: Exposure, chance: random.Random
) -> None:
    assert answer(explain(NAMES, shuffled(history, chance), exposure)) == answer(
        explain(NAMES, history, exposure)
    )


def shuffled(history: list[Leaf], chance: random.Random) -> list[Leaf]:
    return chance.sample(history, len(history))


def answer(found: Explanation) -> list[object]:
    parts = sorted((sorted(p.filters.items()), p.money) for p in found.parts)
    return [parts, found.volume, found.mix, found.without_baseline, found.everything_else]


@pytest.mark.parametrize("kind", KINDS)
def test_planted_causes_are_found_and_nothing_else(kind: str) -> None:
    [case] = planted_cases(3, 1, (kind,))
    found = explain(DIMENSIONS, case.leaves, case.exposure)
    named = {case.covered(part.filters) for part in found.parts}
    assert named == {case.covered(filters) for filters in case.truth}
    assert found.is_unexplained == (not case.truth)
    assert sum(all_parts(found)) == found.total


def test_names_of_values_do_not_matter() -> None:
    """The same plant, with every value renamed to one that sorts the other way round."""
    [case] = planted_cases(3, 1, ("two",))
    every = sorted({str(value) for leaf in case.leaves for value in leaf.values})
    new = dict(zip(every, (f"x{len(every) - i:04}" for i in range(len(every))), strict=True))
    renamed = [
        Leaf(tuple(new[str(v)] for v in leaf.values), leaf.before, leaf.after, leaf.squares_before,
             leaf.squares_after, leaf.entries_before, leaf.entries_after)
        for leaf in case.leaves
    ]  # fmt: skip
    units: Units = {
        tuple(new[str(v)] for v in key): made for key, made in case.exposure.units.items()
    }
    some = explain(DIMENSIONS, case.leaves, case.exposure)
    other = explain(DIMENSIONS, renamed, Exposure(case.exposure.dimensions, units))
    parts = [({n: new[str(v)] for n, v in p.filters.items()}, p.money) for p in some.parts]
    assert parts == [(dict(p.filters), p.money) for p in other.parts]
    assert some.everything_else == other.everything_else


def test_a_disturbed_leaf_is_found_among_thirty_six_thousand() -> None:
    [case] = generated_cases(L, 5, 1)
    found = explain(case.dimensions, case.leaves())
    assert {frozenset(part.filters.items()) for part in found.parts} == case.truth


def test_shuffled_amounts_are_explained_by_nothing_recorded() -> None:
    [case] = generated_cases(L, 5, 1)
    assert explain(case.dimensions, case.shuffled(1).leaves()).is_unexplained


def test_volume_and_mix_are_removed_first() -> None:
    """Losses for each unit stay the same: twice as many of P1 are made, half as many of P2."""
    history = [leaf(("1", "P1", None), "100", "200"), leaf(("1", "P2", None), "300", "150")]
    made: Units = {("1", "P1"): (D(10), D(20)), ("1", "P2"): (D(10), D(5))}
    found = explain(NAMES, history, Exposure(("line", "product"), made))
    assert (found.volume, found.mix, found.everything_else) == (D(100), D(-150), D(0))
    assert found.total == D(-50)


def test_two_windows_of_different_length_are_compared_per_day() -> None:
    days = Exposure((), {(): (D(28), D(7))})
    found = explain(NAMES, [leaf(("1", "P1", None), "280", "90")], days)
    assert (found.volume, found.mix, found.everything_else) == (D(-210), D(0), D(20))


def test_a_product_that_was_not_made_before_has_no_baseline() -> None:
    history = [leaf(("1", "P1", None), "10", "10"), leaf(("1", "P2", None), "0", "70")]
    made: Units = {("1", "P1"): (D(5), D(5)), ("1", "P2"): (D(0), D(5))}
    found = explain(NAMES, history, Exposure(("line", "product"), made))
    assert found.without_baseline == D(70)
    assert sum(all_parts(found)) == found.total == D(70)


def test_a_loss_without_a_product_is_measured_by_the_units_of_its_line() -> None:
    made: Units = {
        ("1", "P1"): (D(5), D(10)),
        ("1", "P2"): (D(5), D(10)),
        ("2", "P1"): (D(9), D(9)),
    }
    exposure = Exposure(("line", "product"), made)
    assert exposure.growth({"line": "1", "product": None}) == 2


def test_a_loss_where_no_units_are_recorded_is_measured_by_those_around_it() -> None:
    """Nothing was ever made of P9, and nothing on line 3. A new product has no baseline."""
    made: Units = {
        ("1", "P1"): (D(5), D(10)),
        ("2", "P1"): (D(9), D(9)),
        ("2", "new"): (D(0), D(9)),
    }
    exposure = Exposure(("line", "product"), made)
    assert exposure.growth({"line": "1", "product": "P9"}) == 2
    assert exposure.growth({"line": "3", "product": "P1"}) == exposure.growth({}) == 2
    assert exposure.growth({"line": "2", "product": "new"}) is None


@pytest.mark.parametrize("made", ["0", "1", "1000", "100000"])
def test_one_entry_is_no_cause_however_little_or_much_is_made(made: str) -> None:
    """Line 3 makes far more or far less than before, and by chance it loses in one window only."""
    history = [
        Leaf((str(line), "P1", str(s)), D(50 + line), D(49 + s), 500, 500, 10, 10)
        for line in (1, 2)
        for s in range(20)
    ]
    units: Units = {(line, "P1"): (D(1000), D(1000)) for line in "12"}
    units["3", "P1"] = (D(1000), D(made))
    for before, after in ((5, 0), (0, 5)):
        squares = (25.0 * (before > 0), 25.0 * (after > 0))
        odd = Leaf(("3", "P1", "1"), D(before), D(after), *squares)
        found = explain(NAMES, [*history, odd], Exposure(("line", "product"), units))
        assert found.is_unexplained


def test_no_losses_have_no_change() -> None:
    found = explain(NAMES, [])
    assert found.is_unexplained and found.total == 0


def test_evidence_has_units_and_rates() -> None:
    [case] = planted_cases(3, 1, ("single",))
    [part] = explain(DIMENSIONS, case.leaves, case.exposure).parts
    covered = [case.leaves[place] for place in case.covered(part.filters)]
    assert part.after == sum(leaf.after for leaf in covered)
    assert part.entries_before == sum(leaf.entries_before for leaf in covered)
    assert part.rate_after == Fraction(part.after) / part.units_after
    assert part.p_value < 0.01


@given(st.lists(st.fractions(-1000, 1000), max_size=12))
def test_rounded_parts_add_up_and_stay_within_a_unit(parts: list[Fraction]) -> None:
    unit = D("0.01")
    found = rounded_parts(parts, unit)
    assert abs(Fraction(sum(found, D(0))) - sum(parts)) <= Fraction(unit) / 2
    assert all(abs(Fraction(a) - b) < Fraction(unit) for a, b in zip(found, parts, strict=True))


@given(leaves)
def test_leaves_are_in_the_order_of_their_names(own: list[Leaf]) -> None:
    """None comes before any text, also before an empty one."""

    def order(leaf: Leaf) -> list[tuple[bool, str]]:
        return [(value is not None, value or "") for value in leaf.values]

    found = [own[place] for place in in_order([leaf.values for leaf in own])]
    assert list(map(order, found)) == sorted(map(order, own))
    assert in_order([("b",), (None,), ("",), ("a",)]).tolist() == [1, 2, 3, 0]


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [([], 0), (["1", "2.50", "0.125"], -3), (["1E+2", "3E+1"], 1), (["0.10", "-0.10"], -2)],
)
def test_the_last_digit_of_any_amount(amounts: list[str], expected: int) -> None:
    own = [leaf(("1", None, None), amount, amount) for amount in amounts]
    assert last_digit(own) == expected
