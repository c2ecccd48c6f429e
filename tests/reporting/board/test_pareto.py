"""The bars of a Pareto: the largest, the others together, and last what has no name."""

from decimal import Decimal
from typing import Any

from services.figures.drivers import Loss
from services.reporting.board.losses import SHOWN, pareto


def driver(net: int, **of: Any) -> Loss:
    names = {"element": "defect", "stage": None, "defect_code": None, "work_unit": None} | of
    return Loss(currency="EUR", net=Decimal(net), **names)


def test_losses_without_a_name_come_last_however_large() -> None:
    bars = pareto([driver(900), driver(50, stage="S1"), driver(60, stage="S2")], ("stage",))
    assert [bar["of"] for bar in bars] == [{"stage": "S2"}, {"stage": "S1"}, {"stage": None}]
    assert [bar["net"] for bar in bars] == [60, 50, 900]
    assert bars[-1]["cumulative_share"] == 1


def test_the_rest_is_one_bar_between_the_largest_and_the_nameless() -> None:
    named = [driver(100 - n, stage=f"S{n:02d}") for n in range(SHOWN + 3)]
    bars = pareto([*named, driver(1)], ("stage",))
    assert len(bars) == SHOWN + 2
    assert (bars[SHOWN]["of"], bars[SHOWN]["others"]) == (None, 3)
    assert bars[SHOWN]["net"] == sum(100 - n for n in range(SHOWN, SHOWN + 3))
    assert sum(bar["net"] for bar in bars) == sum(100 - n for n in range(SHOWN + 3)) + 1


def test_nothing_lost_is_no_bar() -> None:
    assert pareto([], ("stage",)) == []


def test_a_group_that_earned_money_is_no_loss() -> None:
    found = [driver(-30, stage="S1"), driver(20, stage="S1"), driver(5, stage="S2")]
    assert [bar["of"] for bar in pareto(found, ("stage",))] == [{"stage": "S2"}]
