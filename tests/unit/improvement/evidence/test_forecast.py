"""A forecast goes on as the weeks did, and is the same for everybody."""

import numpy as np
import pytest

from copq.improvement.evidence.days import Days, NotEnoughDays
from copq.improvement.evidence.details import details
from copq.improvement.evidence.forecast import forecast
from copq.improvement.savings.over_time import Unknown
from tests.support.improvement.simulated_days import Plant, split


def history(levels: np.ndarray) -> tuple[Days, Days]:
    truth = np.concatenate([np.ones(365), levels])
    before, since = split(Plant(20_000, 0.01).days(np.random.default_rng(1), truth), 365)
    return before, since


def test_a_saving_that_holds_goes_on_and_one_that_wears_off_wears_off() -> None:
    holds = forecast(*history(np.full(200, 0.7)), [1_000.0] * 3)
    wears = forecast(*history(np.linspace(0.7, 0.8, 200)), [1_000.0] * 3)
    assert [one.saving for one in holds] == pytest.approx([300] * 3, rel=0.05)
    assert wears[0].saving < 200 and wears[2].saving < wears[0].saving
    assert all(one.low < one.saving < one.high for one in [*holds, *wears])


def test_the_forecast_is_in_the_money_of_its_months() -> None:
    days = history(np.full(200, 0.7))
    one, twice = forecast(*days, [1_000.0, 2_000.0])
    assert twice.saving == pytest.approx(2 * one.saving, rel=0.05)
    assert forecast(*days, [1_000.0, 2_000.0]) == [one, twice]
    assert forecast(*days, []) == []


def test_half_a_year_is_needed_and_a_year_ahead_is_the_most() -> None:
    days = history(np.full(175, 0.7))
    with pytest.raises(NotEnoughDays, match="25 weeks with production since the start: 26 are"):
        forecast(*days, [1.0])
    with pytest.raises(ValueError, match="13 months ahead: at most 12"):
        forecast(*days, [1.0] * 13)


def test_the_details_of_a_young_project_say_what_is_missing() -> None:
    found = details(*history(np.full(20, 0.7)), [1.0])
    assert found.trend == Unknown("3 weeks with production: 13 are needed at least")
    assert not isinstance(found.regression, Unknown)
    assert not isinstance(found.periods, Unknown)
    assert isinstance(found.forecast, Unknown)
