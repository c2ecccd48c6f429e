"""The rate book with some figures changed."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from copq.improvement.what_if.changes import RateChange, parse_changes
from copq.rates.book import RateBook
from copq.rates.changed_figures import changed_book, check_rates, known_stages
from tests.support.building import LONG_AGO, book, plant

D = Decimal
FULL = {"recovery_rate": "0.6", "price": "20", "rework_in_house": {"labour": "3"}}
LINED = book(plant(lines=("L1",)), plant("south", currency="USD"), **FULL)


def changes(text: str) -> list[RateChange]:
    return [change for change in parse_changes(text) if isinstance(change, RateChange)]


def table(rates: RateBook) -> Any:
    found = rates.cost_table("north", "widget", LONG_AGO)
    assert found is not None
    return found.item


def test_figures_are_named_as_in_a_rate_file() -> None:
    named: dict[str, Callable[[Any], bool]] = {
        "stages.S2.labour_overhead by 2": lambda t: t.stage_costs == {"S1": 4, "S2": 16},
        "raw_material by 1.5": lambda t: t.stage_costs == {"S1": 6, "S2": 12},
        "recovery_rate to 0.1": lambda t: t.recovery_rate == D("0.1"),
        "rework_in_house.labour by 2": lambda t: t.rework_in_house.labour == 6,
        "by 2": lambda t: (t.price, t.stage_costs["S2"], t.recovery_rate) == (40, 20, D("0.6")),
    }  # fmt: skip
    for text, holds in named.items():
        assert holds(table(changed_book(LINED, changes(f"rate product=widget {text}")))), text
    assert table(LINED).stage_costs == {"S1": 4, "S2": 10}


def test_changes_apply_in_their_order_and_to_their_name_alone() -> None:
    both = changes("rate line=L1 rate_per_minute to 10; rate line=L1 rate_per_minute by 1.5")
    changed = changed_book(LINED, both)
    rates = [changed.line_rate("north", line, LONG_AGO) for line in ("L1", "L2")]
    assert [rate.item.rate_per_minute for rate in rates if rate] == [15, 3]
    assert changed_book(LINED, both[::-1]).line_rate("north", "L1", LONG_AGO).item.standstill == 600  # type: ignore[union-attr]


def test_a_multiplied_rate_has_as_many_decimals_as_a_rate_may_have() -> None:
    changed = changed_book(LINED, changes("rate labour=standard by 0.123456789"))
    rate = changed.labour_rate("north", "standard", LONG_AGO)
    assert rate is not None and rate.item.rate_per_minute == D("0.12345679")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("rate product=gadget by 2", 'no cost table is of product "gadget"; there are widget'),
        ("rate labour=stnd by 2", 'no labour rate is of labour "stnd"; there are standard'),
        ("rate product=widget prize by 2", 'has the figure "prize"; there are'),
        ("rate product=widget prize by 2", 'did you mean "price"?'),
        ("rate product=widget seconds_price by 2", 'has the figure "seconds_price"'),
        (
            "rate product=widget raw_material to 2",
            "name the stage: stages.S1.raw_material, stages.",
        ),
        ("rate product=widget recovery_rate by 2", "recovery_rate: input should be less than or"),
        ("rate line=L1 rate_per_hour to 2", 'has the figure "rate_per_hour"; there are rate_per_m'),
        ("rate line=L1 ideal_rate_per_minute by 2", 'has the figure "ideal_rate_per_minute"'),
    ],
)
def test_an_unknown_rate_or_figure_says_which_there_are(text: str, fault: str) -> None:
    with pytest.raises(ValueError) as error:
        check_rates(book(plant(lines=("L1",)), ideal_rate=2, **FULL), changes(text))
    assert fault in str(error.value)


def test_a_reader_of_some_lines_is_told_of_no_others() -> None:
    seen = LINED.seen_by(frozenset({("north", "L1")}))
    with pytest.raises(ValueError, match=r"there are L1$"):
        check_rates(seen, changes("rate line=L9 by 2"))
    assert known_stages(seen) == ["S1", "S2"]
