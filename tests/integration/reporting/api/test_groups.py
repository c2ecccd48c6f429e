"""Product groups in Postgres: versions that stay, and who may set and see them."""

from datetime import date
from typing import Any

import pytest

from copq.access.authority import Actor, OutOfScope
from copq.access.door import Role
from copq.figures.verify import verify
from copq.groups.store import Imported, groups_of_days, import_groups, member_history
from copq.rates.file import RateFileError
from copq.rates.store import import_rates, load
from copq.schemas.groups import GroupFile
from tests.support.building import plant, rates
from tests.support.reporting.api.asking import Api, LinesDoor, RoleDoor
from tests.support.tampering import tampering

CARLA = Actor("carla")


def member(group: str = "valves", day: str = "2026-03-01", **more: str) -> dict[str, str]:
    known = {"plant": "north", "grouping": "family", "product": "TR29", "effective_from": day}
    return {**known, "group": group, **more}


async def imported(conn: Any, *items: dict[str, str], actor: Actor = CARLA) -> Imported:
    file = GroupFile.model_validate({"groups": items})
    return await import_groups(conn, file, await load(conn), "g.csv", actor, "families")


@pytest.fixture
async def rated(conn: Any) -> Any:
    await import_rates(conn, rates(plant(), plant("south")), "rates.yaml", "test")
    return conn


async def test_another_group_for_the_same_day_takes_the_place_of_the_old_one(rated: Any) -> None:
    assert await imported(rated, member(), member("cores", "2026-04-01")) == Imported(2, 0, 0)
    assert await imported(rated, member("discs"), member("cores", "2026-04-01")) == Imported(
        0, 1, 1
    )
    found = await member_history(rated)
    assert [(m.effective_from.month, m.group, m.version, m.is_newest) for m in found] == [
        (4, "cores", 1, True), (3, "discs", 2, True), (3, "valves", 1, False),
    ]  # fmt: skip
    trail = await rated.fetch("select who, why from copq.audit where subject = 'copq.group_member'")
    assert [tuple(row) for row in trail] == [("carla", "families")] * 3
    assert await verify(rated) == []
    async with tampering(rated):
        await rated.execute("update copq.group_member set product_group = 'x' where member_id = 1")
    assert {one.subject["table"] for one in await verify(rated)} == {"group_member"}


async def test_a_product_is_in_one_group_of_a_grouping_on_each_day(rated: Any) -> None:
    await imported(rated, member(), member("no group", "2026-03-03"), member("cores", "2026-03-05"))
    await imported(rated, member("Ford", grouping="customer"), member("discs", "2026-03-05"))
    days = [date(2026, 2, 28), *(date(2026, 3, day) for day in range(1, 7))]
    groups = await groups_of_days(rated, "family", [("north", "TR29", day) for day in days])
    assert groups == ["no group", *["valves"] * 2, *["no group"] * 2, *["discs"] * 2]
    others = [("north", None, days[2]), ("north", "TR30", days[2]), ("south", "TR29", days[2])]
    assert await groups_of_days(rated, "family", others) == ["no group"] * 3
    rows = await rated.fetch("select * from copq.group_days where grouping = 'family' order by 5")
    assert [(r["product_group"], r["first_day"].day, str(r["last_day"])) for r in rows] == [
        ("valves", 1, "2026-03-03"), ("discs", 5, "9999-12-31"),
    ]  # fmt: skip


async def test_a_file_that_contradicts_what_is_set_is_refused_as_a_whole(rated: Any) -> None:
    await imported(rated, member(), member("cores", product="TR30"))
    for items, says in (
        ([member(product="TR31"), member(plant="nroth")], 'did you mean "north"?'),
        ([member(product="cores")], '"cores" is a group of family in north and a product in'),
        ([member("TR29", product="valves")], 'contains itself through "valves"'),
        ([member("Cores", product="TR31")], "choose one spelling"),
    ):
        with pytest.raises(RateFileError) as caught:
            await imported(rated, *items)
        assert says in str(caught.value)
    assert len(await member_history(rated)) == 2


async def test_a_token_sets_the_groups_of_its_whole_plants_alone(rated: Any) -> None:
    line = Actor("l", Role.FINANCE, frozenset({("north", "L1")}))
    whole = Actor("w", Role.FINANCE, frozenset({("north", None)}))
    with pytest.raises(OutOfScope):
        await imported(rated, member(), actor=line)
    assert await imported(rated, member(), actor=whole) == Imported(1, 0, 0)


async def test_groups_are_shown_to_readers_of_a_line_of_the_plant(rated: Any, api: Api) -> None:
    await imported(rated, member(), member("cores"), member(plant="south"))
    api.door = LinesDoor(frozenset({("north", "L1")}))
    [row] = (await api.get("/v1/groups"))["rows"]
    assert (row["plant"], row["group"], row["effective_from"]) == ("north", "cores", "2026-03-01")
    assert (row["version"], row["in_force"], row["source"]) == (2, True, "g.csv")
    both = await api.csv("/v1/groups", history="true", grouping="family", product="TR29")
    assert [(one["version"], one["in_force"]) for one in both] == [("2", "True"), ("1", "False")]
    api.door = RoleDoor()
    for role, status in (("operator", 403), ("manager", 200), ("finance", 200)):
        answer = await api.client.get("/v1/groups", headers={"authorization": f"Bearer {role}"})
        assert answer.status_code == status


async def test_a_group_that_nobody_set_is_refused(rated: Any, api: Api) -> None:
    await imported(rated, member())
    said = await api.get("/v1/groups", 422, group="valve")
    assert said["detail"] == '"valve" is none of valves, no group; did you mean "valves"?'
    said = await api.get("/v1/groups", 422, grouping="famly")
    assert said["detail"] == '"famly" is none of family; did you mean "family"?'
