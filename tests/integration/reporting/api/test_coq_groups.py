"""The cost-of-quality report by product group, and bases of groups."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from copq.access.authority import Actor
from copq.bases.store import import_bases
from copq.groups.store import import_groups
from copq.rates.book import RateBook
from copq.rates.file import RateFileError
from copq.rates.store import import_rates, load
from copq.schemas.bases import BaseFile
from copq.schemas.groups import GroupFile
from tests.support.building import event, plant, post_events, rates
from tests.support.reporting.api.asking import Api

PRODUCTS = ("widget", "gadget", "gear")
JUNE = datetime.fromisoformat("2026-06-01T12:00:00+02:00")
COMPARED = ("amount", "previous", "units")


def _events(random: Random) -> list[bytes]:
    events = []
    for day in range(-20, 20):
        of = {"occurred_at": (JUNE + timedelta(days=day)).isoformat(), "line": f"L{1 + day % 2}"}
        of["product"] = random.choice(PRODUCTS)
        events += [
            event("production", f"p{day}", quantity=random.randint(1, 99), **of),
            event("scrap", f"s{day}", quantity=f"{random.randint(1, 9)}.5", **of),
            event("inspection", f"i{day}", minutes=random.randint(1, 60), **of),
        ]
    return events


@pytest.fixture
async def book(conn: Any) -> RateBook:
    """Two groups: a product changes its group in the middle of June, another is in none."""
    file = rates(plant())
    [table] = file.cost_tables
    tables = tuple(table.model_copy(update={"product": name}) for name in PRODUCTS)
    await import_rates(conn, file.model_copy(update={"cost_tables": tables}), "rates.yaml", "test")
    book = await load(conn)
    await post_events(conn, book, _events(Random(13)))
    items = [("widget", "A", "2026-01-01"), ("widget", "B", "2026-06-10"),
             ("gadget", "B", "2026-05-25")]  # fmt: skip
    members = [
        {"plant": "north", "grouping": "family", "product": product, "group": name,
         "effective_from": day}
        for product, name, day in items
    ]  # fmt: skip
    await import_groups(
        conn, GroupFile.model_validate({"groups": members}), book, "g.csv", Actor("carla")
    )
    return book


async def _set_bases(conn: Any, book: RateBook, *items: dict[str, Any]) -> None:
    known = {"plant": "north", "month": "2026-06", "base": "revenue", "currency": "EUR"}
    file = BaseFile.model_validate({"bases": [{**known, **item} for item in items]})
    await import_bases(conn, file, book, "bases.csv", Actor("carla"))


async def test_groups_add_up_to_the_plant_and_to_the_products(book: RateBook, api: Api) -> None:
    asked = {"from_": "2026-05", "to": "2026-07"}
    whole = await api.get("/v1/coq", by="plant", **asked)
    for by in ("product", "group", "line,group", "plant,line,product,group"):
        split = await api.get("/v1/coq", by=by, **asked)
        assert split["totals"] == whole["totals"]
        for row in whole["rows"]:
            of = [
                r for r in split["rows"] if (r["from"], r["figure"]) == (row["from"], row["figure"])
            ]
            for name in ("amount", "units"):
                assert sum(Decimal(r[name]) for r in of) == Decimal(row[name]), (by, name)
    groups = {row["group"] for row in split["rows"]}
    assert groups == {"A", "B", "no group"}
    by_group = await api.get("/v1/coq", by="group", **asked)
    for name in groups:
        alone = await api.get("/v1/coq", by="", group=name, **asked)
        of = [row for row in by_group["rows"] if row["group"] == name]
        for one, other in zip(alone["rows"], of, strict=True):
            assert [one[n] for n in COMPARED] == [other[n] for n in COMPARED]


async def test_a_group_has_the_percentage_of_its_own_base_alone(
    book: RateBook, conn: Any, api: Api
) -> None:
    a, b = {"grouping": "family", "group": "A"}, {"grouping": "family", "group": "B"}
    await _set_bases(conn, book, {"amount": "9000"}, {"amount": "400", **a}, {"amount": "500", **b})
    await _set_bases(conn, book, {"amount": "800", **b})
    asked = {"base": "revenue", "from_": "2026-06", "to": "2026-07"}
    answer = await api.get("/v1/coq", by="group", **asked)
    of = {row["group"]: row for row in answer["rows"] if row["figure"] == "coq"}
    assert [of[name]["base_amount"] for name in ("A", "B", "no group")] == ["400", "800", None]
    assert of["B"]["flags"] == ["revenue of group B of north in 2026-06 was restated"]
    assert of["no group"]["percentage_reason"] == (
        "there is no revenue of products in no group of north in 2026-06; "
        "finance imports it with: copq bases import FILE"
    )
    [total] = [row for row in answer["totals"] if row["figure"] == "coq"]
    assert total["base_amount"] == "9000"
    [alone] = [
        row for row in (await api.get("/v1/coq", group="B", **asked))["totals"]
        if row["figure"] == "coq"
    ]  # fmt: skip
    assert (alone["base_amount"], alone["percentage"]) == ("800", of["B"]["percentage"])
    by_line = await api.get("/v1/coq", by="line,group", **asked)
    assert {row["percentage"] for row in by_line["rows"]} == {None}
    listed = await api.get("/v1/bases", history="true")
    assert [(r["group"], r["amount"], r["version"]) for r in listed["rows"]] == [
        (None, "9000", 1), ("A", "400", 1), ("B", "800", 2), ("B", "500", 1),
    ]  # fmt: skip


async def test_a_base_of_an_unknown_group_is_refused(book: RateBook, conn: Any) -> None:
    with pytest.raises(RateFileError) as caught:
        await _set_bases(conn, book, {"amount": "1", "grouping": "family", "group": "C"})
    assert str(caught.value) == (
        'revenue of group C of north in 2026-06: "C" is not a group of family in north; '
        "its groups: A, B, no group"
    )
    with pytest.raises(ValueError, match="group and grouping: name both of them, or none"):
        await _set_bases(conn, book, {"amount": "1", "group": "A"})
