"""Product groups in what explains a change: as a dimension, and as a filter."""

import shlex
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from copq.access.authority import Actor
from copq.figures.books import Books, Reading
from copq.figures.entries_answer import answer_entries
from copq.figures.entries_request import EntriesRequest
from copq.figures.why import ExplainedChange, WhyAnswer, WhyRequest, answer_why
from copq.groups.store import import_groups
from copq.rates.store import import_rates, load
from copq.schemas.groups import NO_GROUP, GroupFile
from copq.summary.keeping import bring_up_to_date
from tests.support.building import event, plant, post_events, rates

NOW = datetime.fromisoformat("2026-06-30T12:00:00+02:00")
PRODUCTS = ("bottle", "can", "jar", "keg", "tin")
D = Decimal


@pytest.fixture
async def made(conn: Any) -> Any:
    """A plant with five products, each with a defect a day for a hundred units."""
    file = rates(plant())
    [table] = file.cost_tables
    tables = tuple(table.model_copy(update={"product": name}) for name in PRODUCTS)
    await import_rates(conn, file.model_copy(update={"cost_tables": tables}), "rates.yaml", "test")
    return conn


async def group(conn: Any, *items: tuple[str, str, str], grouping: str = "family") -> None:
    """Put products into groups: product, group, day."""
    members = [
        {"plant": "north", "grouping": grouping, "product": product, "group": name,
         "effective_from": day}
        for product, name, day in items
    ]  # fmt: skip
    file = GroupFile.model_validate({"groups": members})
    await import_groups(conn, file, await load(conn), "groups.csv", Actor("carla"))


async def post_months(conn: Any, rising: tuple[str, ...]) -> None:
    """May and June; in June the rising products lose four times as much a unit."""
    events = []
    for month in (5, 6):
        for day in range(2, 28):
            for product in PRODUCTS:
                key, at = f"{product}-{month}-{day}", f"2026-{month:02}-{day:02}T12:00:00+02:00"
                of = {"product": product, "occurred_at": at}
                events.append(event("production", f"p{key}", quantity=100, **of))
                for number in range(4 if month == 6 and product in rising else 1):
                    events.append(event("defect", f"d{key}-{number}", quantity=1, stage="S2", **of))
    await post_events(conn, await load(conn), events)


async def why(conn: Any, **asked: Any) -> WhyAnswer:
    request = WhyRequest(**{"plant": "north", "month": "2026-06", **asked})
    return await answer_why(conn, await load(conn), request, NOW)


async def causes(conn: Any, **asked: Any) -> list[Any]:
    [change] = (await why(conn, **asked)).changes
    return [part for part in change.parts if part.kind == "cause"]


FAMILIES = (
    ("bottle", "glass", "2026-01-01"), ("jar", "glass", "2026-01-01"),
    ("can", "metal", "2026-01-01"),
)  # fmt: skip


@pytest.mark.parametrize("is_summed", [False, True])
async def test_a_group_is_named_where_all_its_products_moved(made: Any, is_summed: bool) -> None:
    await group(made, *FAMILIES)
    await post_months(made, ("bottle", "jar"))
    if is_summed:
        await bring_up_to_date(made)
    [cause] = await causes(made)
    assert (cause.cause, cause.before, cause.after) == ("group glass", 520, 2080)
    assert (cause.units_before, cause.units_after) == (5200, 5200)
    assert cause.p_value_by == "days" and cause.p_value < D("1e-6")
    assert shlex.split(cause.command)[-4:] == ["--group", "glass", "--grouping", "family"]
    assert cause.entries.endswith("&group=glass&grouping=family")
    assert (await why(made)).as_json()["grouping"] == "family"


async def test_a_group_with_losses_of_one_product_goes_by_its_product(made: Any) -> None:
    await group(made, *FAMILIES)
    await post_months(made, ("can",))
    assert [cause.cause for cause in await causes(made)] == ["product can"]
    await group(made, ("keg", "steel", "2026-01-01"))
    assert [cause.cause for cause in await causes(made)] == ["product can"]


async def test_products_in_no_group_are_a_group(made: Any) -> None:
    await group(made, *((name, "glass", "2026-01-01") for name in ("bottle", "jar", "tin")))
    await post_months(made, ("can", "keg"))
    [cause] = await causes(made)
    assert (cause.cause, cause.filters) == ("products in no group", {"group": NO_GROUP})


async def test_a_change_of_groups_is_no_change_of_losses(made: Any) -> None:
    """The products of a group are the same in both windows, and so are its entries."""
    await group(made, ("bottle", "glass", "2026-01-01"), ("jar", "glass", "2026-06-10"),
                ("can", "glass", "2026-01-01"), ("can", "metal", "2026-06-01"))  # fmt: skip
    await post_months(made, ("bottle", "jar"))
    [cause] = await causes(made)
    assert cause.cause == "group glass" and (cause.before, cause.after) == (520, 2080)
    words = shlex.split(cause.command)
    assert words[-2:] == ["--grouped-on", "2026-06-30"]
    asked = EntriesRequest(
        plant="north", group="glass", grouping="family", grouped_on="2026-06-30",
        category="copq", start="2026-06-01", end="2026-07-01",
    )  # fmt: skip
    behind = await answer_entries(Reading(made, await load(made), Books(), NOW), asked, 5)
    assert behind.whole is not None and behind.whole.figures[0].net == cause.after


async def test_with_several_groupings_one_is_to_be_chosen(made: Any) -> None:
    await post_months(made, ("bottle", "jar"))
    assert (await why(made)).as_json()["groupings"] == []
    await group(made, *FAMILIES)
    await group(made, ("bottle", "Smith", "2026-01-01"), grouping="customer")
    found = await why(made)
    assert (found.grouping, found.groupings) == (None, ["customer", "family"])
    assert [cause.cause for cause in await causes(made)] == ["product bottle", "product jar"]
    assert [cause.cause for cause in await causes(made, grouping="family")] == ["group glass"]
    for asked, said in (
        ({"group": "glass"}, "grouping: choose what products are grouped by: customer, family"),
        ({"grouping": "famly"}, 'did you mean "family"?'),
        ({"group": "glas", "grouping": "family"}, 'did you mean "glass"?'),
    ):
        with pytest.raises(ValueError, match=said.replace("?", r"\?")):
            await why(made, **asked)


def _sums(change: ExplainedChange) -> list[Decimal]:
    return [change.before, change.after, change.change, change.provisional]


async def test_groups_add_up_to_all_products_whatever_happens(made: Any) -> None:
    """And the parts of each group to its change."""
    random = Random(13)
    for number in range(60):
        at = (
            f"2026-{random.choice((5, 6)):02}-{random.randint(1, 28):02}T{random.randint(0, 23):02}"
        )
        of = {"product": random.choice(PRODUCTS), "occurred_at": f"{at}:30:00+02:00"}
        kind = random.choice(("production", "defect", "defect"))
        more = {"stage": "S2"} if kind == "defect" else {}
        amount = f"{random.randint(1, 99)}.{random.randint(0, 999):03}"
        raw = event(kind, f"e{number}", quantity=amount, **of, **more)
        await post_events(made, await load(made), [raw])
    await post_events(made, await load(made), [
        event("downtime", "open", product="jar", started_at="2026-06-30T11:00:00+02:00"),
        event("downtime", "other", line="L2", started_at="2026-06-30T11:30:00+02:00"),
    ])  # fmt: skip
    await bring_up_to_date(made)
    for number in range(6):
        grouping = f"g{number}"
        await group(made, *(
            (product, random.choice(("A", "B", NO_GROUP)), f"2026-06-{random.randint(1, 20):02}")
            for product in PRODUCTS for _ in range(random.randint(0, 2))
        ), ("axle", "A", "2026-01-01"), grouping=grouping)  # fmt: skip
        [whole] = (await why(made, grouping=grouping)).changes
        alone = [
            change
            for name in ("A", "B", NO_GROUP)
            if name != "B" or "B" in await _known(made, grouping)
            for change in (await why(made, grouping=grouping, group=name)).changes
        ]
        assert [sum(amounts) for amounts in zip(*map(_sums, alone), strict=True)] == _sums(whole)
        for change in (whole, *alone):
            assert sum(part.change for part in change.parts) == change.change


async def _known(conn: Any, grouping: str) -> set[str]:
    rows = await conn.fetch(
        "select product_group from copq.group_member where grouping = $1", grouping
    )
    return {row["product_group"] for row in rows}
