"""Projects in Postgres: proposed from a file, read with what counts, refused where they misfit."""

from datetime import date
from typing import Any

import pytest

from copq.access.authority import Actor
from copq.access.door import Role
from copq.improvement.projects.plan import promised
from copq.improvement.projects.states import State
from copq.projects.proposing import Imported
from copq.projects.store import (
    UnknownProject,
    accepted_amounts,
    claims,
    forecasts,
    investments,
    project,
    projects,
    promises,
    shares,
    substitutes,
    validations,
)
from copq.rates.file import RateFileError
from copq.rates.store import import_rates
from tests.support.building import plant, rates
from tests.support.projects import OLGA, item, propose


@pytest.fixture
async def rated(conn: Any) -> Any:
    south = plant("south", currency="USD", lines=("L1", "L2"))
    await import_rates(conn, rates(plant(), south), "rates.yaml", "test")
    return conn


async def test_a_proposed_project_is_read_as_it_was_written(rated: Any) -> None:
    assert await propose(rated, item(), item("labels", scope={"product": "widget"})) == Imported(
        2, 0, 0
    )
    found = await project(rated, "north", "caps")
    assert (found.owner, found.sponsor, found.state) == ("olga", "sven", State.PROPOSED)
    assert found.plan.scope == {"line": frozenset({"L1"})}
    assert found.plan.baseline_months == 3
    assert [month for month, _ in promised(found.plan.benefits)] == [
        date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)
    ]  # fmt: skip
    assert found.freeze is None
    assert [(s.what, s.by) for s in found.steps] == [("propose", "olga")]
    (capper,) = await investments(rated, [found.id])
    assert (capper.name, capper.kind, capper.amount, capper.currency) == (
        "capper", "once", 1200, "EUR"
    )  # fmt: skip
    assert [one.name for one in await projects(rated, "north")] == ["caps", "labels"]
    assert await projects(rated, "south") == []


async def test_the_lists_of_a_new_project_are_empty(rated: Any) -> None:
    await propose(rated, item())
    ids = [one.id for one in await projects(rated)]
    for read in (promises, forecasts, substitutes, claims, validations):
        assert await read(rated, ids) == []
    assert await accepted_amounts(rated, ids) == {}
    assert await shares(rated, "north") == []


async def test_a_later_file_changes_what_it_says_and_nothing_else(rated: Any) -> None:
    await propose(rated, item(), item("labels"))
    assert await propose(rated, item()) == Imported(0, 0, 1)
    capper = {"name": "capper", "amount": "1300", "first_month": "2026-04"}
    assert await propose(rated, item(owner="otto", investments=[capper])) == Imported(0, 1, 0)
    found = await project(rated, "north", "caps")
    assert (found.owner, found.owners) == ("otto", {"olga", "otto"})
    assert [one.amount for one in await investments(rated, [found.id])] == [1300]
    trail = "select count(*) from copq.audit where subject like 'copq.project%' and who = 'olga'"
    assert await rated.fetchval(trail) == 12


async def test_a_plan_is_changed_by_its_owner_or_the_person_who_proposed_it(rated: Any) -> None:
    await propose(rated, item(owner="otto"))
    with pytest.raises(RateFileError) as caught:
        await propose(rated, item(owner="otto", sponsor="sara"), actor=Actor("anna"))
    assert caught.value.faults == [
        '"anna" does not own project "caps" of north: its owner "otto" changes it, the person who '
        "proposed it, or finance"
    ]
    for person in (Actor("otto"), Actor("fred", Role.FINANCE), OLGA):
        changed = item(owner="otto", sponsor=f"of {person.name}")
        assert (await propose(rated, changed, actor=person)).changed == 1


async def test_an_unknown_project_is_refused_with_those_that_are_there(rated: Any) -> None:
    await propose(rated, item())
    with pytest.raises(UnknownProject) as caught:
        await project(rated, "north", "cap")
    assert str(caught.value) == (
        'no project of north has the name "cap"; its projects: caps; did you mean "caps"?'
    )


USD_CAPPER = [{"name": "capper", "amount": "1", "first_month": "2026-04", "currency": "USD"}]
REFUSED = [
    (item(plant="nroth"),
     'plant "nroth" is not in the rate book; its plants: north, south; did you mean "north"?'),
    (item(scope={}),
     'project "caps" of north: its scope has no filters, so it is everything in north: name lines, '
     "products and so on, or set whole_plant: true"),
    (item(whole_plant=True),
     'project "caps" of north: whole_plant is true and its scope has filters: leave one out'),
    (item(plant="south", currency="USD", investments=[], scope={"line": "L3"}),
     'project "caps" of south: line "L3" is not in plant "south"; its lines are L1, L2'),
    (item(currency="USD", investments=[]),
     'project "caps" of north is in USD, the plant\'s costs from 2026-01-01 on are in EUR: give '
     "its amounts in EUR"),
    (item(investments=USD_CAPPER),
     'investment "capper" of project "caps" of north is in USD, the project\'s figures are in EUR: '
     "give the amount that was booked for it in EUR"),
    (item(investments=[USD_CAPPER[0] | {"currency": "XYZ"}]),
     'investment "capper" of project "caps" of north is in XYZ, the project\'s figures are in EUR: '
     "give the amount that was booked for it in EUR"),
    (item(benefits=[{"type": "hard", "amount": "0.001", "first_month": "2026-05"}]),
     'a benefit of project "caps" of north: 0.001 has more decimals than EUR has, which is 2: '
     "round it"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "words"), REFUSED, ids=lambda v: str(v)[:40])
async def test_what_does_not_fit_the_rate_book_is_refused_as_a_whole(
    rated: Any, one: dict[str, Any], words: str
) -> None:
    with pytest.raises(RateFileError) as caught:
        await propose(rated, item("another"), one)
    assert caught.value.faults == [words]
    assert await projects(rated) == []
