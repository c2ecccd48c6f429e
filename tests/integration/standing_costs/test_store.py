"""Standing costs in Postgres: versions that stay, what is refused, and who may set them."""

from typing import Any

import pytest

from copq.access.authority import Actor, OutOfScope
from copq.access.door import Role
from copq.figures.verify import verify
from copq.rates.file import RateFileError
from copq.rates.store import import_rates
from copq.schemas.rates import PlantCurrency, RateFile
from copq.standing_costs.store import Imported, standing_costs
from tests.support.building import plant, rates
from tests.support.standing_costs import cost, set_costs
from tests.support.tampering import tampering

USD = plant("south", "America/Chicago", "00:00", "USD", ("L1", "L2"))


@pytest.fixture
async def rated(conn: Any) -> Any:
    await import_rates(conn, rates(plant(), USD), "rates.yaml", "test")
    return conn


async def test_a_new_amount_restates_the_old_one_which_stays(rated: Any) -> None:
    assert await set_costs(rated, cost(), cost(name="lab")) == Imported(2, 0, 0)
    assert await set_costs(rated, cost("6200"), cost(name="lab")) == Imported(0, 1, 1)
    assert await set_costs(rated, cost(None)) == Imported(0, 1, 0)
    assert await set_costs(rated, cost(None, name="never")) == Imported(0, 0, 1)
    found = await standing_costs(rated, name="calibration")
    assert [(c.version, c.amount, c.is_newest, c.set_by, c.why) for c in found] == [
        (3, None, True, "carla", "contract"), (2, 6200, False, "carla", "contract"),
        (1, 3100, False, "carla", "contract"),
    ]  # fmt: skip
    trail = "select who, why from copq.audit where subject = 'copq.standing_cost'"
    assert [tuple(row) for row in await rated.fetch(trail)] == [("carla", "contract")] * 4
    assert await verify(rated) == []
    async with tampering(rated):
        await rated.execute("update copq.standing_cost set amount = 1 where number = 1")
    found_by = {one.subject.get("table") for one in await verify(rated)}
    assert found_by == {"standing_cost"}


SOUTH = {"plant": "south", "currency": "USD"}
REFUSED = [
    ([cost(plant="nroth")],
     'plant "nroth" is not in the rate book; its plants: north, south; did you mean "north"?'),
    ([cost(line="L3", **SOUTH)],
     'line "L3" is not in plant "south"; its lines are L1, L2'),
    ([cost(currency="USD")],
     '"calibration" of north from 2026-03-01 is in USD, the plant\'s costs are in EUR: give the '
     "amount in EUR"),
    ([cost("100.005")],
     '"calibration" of north from 2026-03-01: 100.005 has more decimals than EUR has, which is 2: '
     "round it"),
    ([cost(), cost(first_day="2026-07-01")],
     '"calibration" of north from 2026-07-01 overlaps the one from 2026-03-01 without a last_day: '
     "give that one the last_day 2026-06-30, in the same file"),
    ([cost(last_day="2026-07-01", line="L1", **SOUTH),
      cost(first_day="2026-07-01", line="L1", **SOUTH)],
     '"calibration" of south line L1 from 2026-07-01 overlaps the one from 2026-03-01 to '
     "2026-07-01: give that one the last_day 2026-06-30, in the same file"),
]  # fmt: skip


@pytest.mark.parametrize(("items", "words"), REFUSED)
async def test_what_does_not_fit_is_refused_as_a_whole(
    rated: Any, items: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(RateFileError) as caught:
        await set_costs(rated, cost(name="another"), *items)
    assert caught.value.faults == [words]
    assert await standing_costs(rated) == []


async def test_what_is_there_already_may_overlap_no_more_than_the_file(rated: Any) -> None:
    await set_costs(rated, cost())
    with pytest.raises(RateFileError, match="overlaps the one from 2026-03-01"):
        await set_costs(rated, cost(first_day="2026-07-01"))
    later = cost("6200", first_day="2026-07-01")
    assert await set_costs(rated, cost(last_day="2026-06-30"), later) == Imported(1, 1, 0)
    await set_costs(rated, cost(None), cost(first_day="2026-05-01", last_day="2026-06-30"))
    elsewhere = [cost(line="L1"), cost(name="lab"), cost(**SOUTH)]
    assert await set_costs(rated, *elsewhere) == Imported(3, 0, 0)


async def test_a_cost_ends_before_the_plant_changes_its_currency(rated: Any) -> None:
    change = PlantCurrency.model_validate(
        {"plant": "north", "effective_from": "2026-07-01T00:00:00+02:00", "currency": "SEK"}
    )
    await import_rates(rated, RateFile(plant_currencies=(change,)), "rates.yaml", "test")
    with pytest.raises(RateFileError) as caught:
        await set_costs(rated, cost())
    assert caught.value.faults == [
        '"calibration" of north from 2026-03-01 is in EUR, the plant\'s costs are in EUR and then '
        "SEK: give it a last_day before the change, and another row in the new currency"
    ]
    parts = cost(last_day="2026-06-30"), cost(first_day="2026-07-01", currency="SEK")
    assert await set_costs(rated, *parts) == Imported(2, 0, 0)


async def test_a_token_sets_the_costs_of_its_lines_alone(rated: Any) -> None:
    line = Actor("l", Role.FINANCE, frozenset({("north", "L1")}))
    with pytest.raises(OutOfScope):
        await set_costs(rated, cost(), actor=line)
    assert await set_costs(rated, cost(line="L1"), actor=line) == Imported(1, 0, 0)
