"""Bases in Postgres: versions that stay, and who may set and see them."""

from typing import Any

import pytest

from copq.access.authority import Actor, OutOfScope
from copq.access.door import Role
from copq.bases.store import Imported, base_history, import_bases
from copq.figures.verify import verify
from copq.rates.file import RateFileError
from copq.rates.store import import_rates, load
from copq.schemas.bases import BaseFile
from copq.schemas.rates import PlantCurrency, RateFile
from tests.support.building import plant, rates
from tests.support.reporting.api.asking import Api, LinesDoor, RoleDoor
from tests.support.tampering import tampering

CARLA = Actor("carla")
USD = plant("south", "America/Chicago", "00:00", "USD")


def base(amount: Any = "8100", **more: Any) -> dict[str, Any]:
    known = {"plant": "north", "month": "2026-03", "base": "revenue", "currency": "EUR"}
    return {**known, "amount": amount, **more}


def file(*items: dict[str, Any]) -> BaseFile:
    return BaseFile.model_validate({"bases": items})


async def imported(conn: Any, *items: dict[str, Any], actor: Actor = CARLA) -> Imported:
    return await import_bases(conn, file(*items), await load(conn), "b.csv", actor, "accounts")


@pytest.fixture
async def rated(conn: Any) -> Any:
    await import_rates(conn, rates(plant(), USD), "rates.yaml", "test")
    return conn


async def test_a_new_amount_restates_the_old_one_which_stays(rated: Any) -> None:
    assert await imported(rated, base(), base(base="payroll")) == Imported(2, 0, 0)
    assert await imported(rated, base("8200"), base(base="payroll")) == Imported(0, 1, 1)
    assert await imported(rated, base(None)) == Imported(0, 1, 0)
    found = await base_history(rated, base="revenue")
    assert [(b.version, b.amount, b.is_newest, b.set_by, b.why) for b in found] == [
        (3, None, True, "carla", "accounts"), (2, 8200, False, "carla", "accounts"),
        (1, 8100, False, "carla", "accounts"),
    ]  # fmt: skip
    trail = await rated.fetch("select who, why from copq.audit where subject = 'copq.base_amount'")
    assert [tuple(row) for row in trail] == [("carla", "accounts")] * 4
    assert await verify(rated) == []
    async with tampering(rated):
        await rated.execute("update copq.base_amount set amount = 1 where base_id = 1")
    assert {one.subject["table"] for one in await verify(rated)} == {"base_amount"}


async def test_an_unknown_plant_or_another_currency_is_refused_as_a_whole(rated: Any) -> None:
    with pytest.raises(RateFileError) as caught:
        await imported(rated, base(), base(plant="nroth"), base(month="2026-04", currency="USD"))
    unknown, currency = caught.value.faults
    assert 'plant "nroth" is not in the rate book; its plants: north, south' in unknown
    assert currency == (
        "revenue of north in 2026-04 is in USD, the plant's costs are in EUR: "
        "give the amount in EUR"
    )
    assert await base_history(rated) == []


async def test_the_month_of_a_change_of_currency_takes_both(rated: Any) -> None:
    change = PlantCurrency.model_validate(
        {"plant": "north", "effective_from": "2026-03-15T00:00:00+01:00", "currency": "SEK"}
    )
    await import_rates(rated, RateFile(plant_currencies=(change,)), "rates.yaml", "test")
    await imported(rated, base(), base(base="payroll", currency="SEK"))
    with pytest.raises(RateFileError, match="costs are in SEK: give the amount in SEK"):
        await imported(rated, base(month="2026-04"))


async def test_a_token_sets_the_bases_of_its_whole_plants_alone(rated: Any) -> None:
    line = Actor("l", Role.FINANCE, frozenset({("north", "L1")}))
    whole = Actor("w", Role.FINANCE, frozenset({("north", None)}))
    with pytest.raises(OutOfScope):
        await imported(rated, base(), actor=line)
    assert await imported(rated, base(), actor=whole) == Imported(1, 0, 0)


async def test_a_base_is_shown_to_readers_of_the_whole_plant(rated: Any, api: Api) -> None:
    await imported(rated, base(), base("7", plant="south", currency="USD"), base("8200"))
    api.door = LinesDoor(frozenset({("north", None), ("south", "L1")}))
    [row] = (await api.get("/v1/bases"))["rows"]
    assert (row["plant"], row["month"], row["amount"]) == ("north", "2026-03", "8200")
    assert (row["version"], row["in_force"], row["source"]) == (2, True, "b.csv")
    both = await api.csv("/v1/bases", history="true", base="revenue", month="2026-03")
    assert [(one["version"], one["in_force"]) for one in both] == [("2", "True"), ("1", "False")]
    api.door = RoleDoor()
    for role, status in (("operator", 403), ("manager", 200), ("finance", 200)):
        answer = await api.client.get("/v1/bases", headers={"authorization": f"Bearer {role}"})
        assert answer.status_code == status


async def test_a_base_that_nobody_set_is_refused(rated: Any, api: Api) -> None:
    await imported(rated, base())
    said = await api.get("/v1/bases", 422, base="revenu")
    assert said["detail"] == '"revenu" is none of revenue; did you mean "revenue"?'
