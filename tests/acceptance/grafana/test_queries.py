"""Every query of every panel, answered by the real servers, with what somebody may choose."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.grafana.looks import MONEY, REPORTED, Unit
from tests.support.alerts.servers import Prometheus
from tests.support.grafana.filling import Chosen, boards, panel, panels
from tests.support.grafana.watching import LINE, PLANT, PRODUCT, fill, watched

WINDOWS = boards()["line-and-product"]["templating"]["list"][3]["query"].split(",")
NAMED = Chosen((PLANT,), (LINE,), (PRODUCT,))
CHOICES = [
    Chosen(),
    Chosen((PLANT,), (LINE,)),
    Chosen(("north", PLANT), ("L1", LINE), ("widget", PRODUCT)),
]

[MONTHS] = [
    variable["query"]
    for variable in boards()["cost-of-quality"]["templating"]["list"]
    if variable["name"] == "month"
]

Ask = Callable[[dict[str, Any], Chosen], Awaitable[list[Any]]]


def asking(conn: Any, server: Prometheus) -> Ask:
    """Postgres is asked as the user whom the docs tell to make for Grafana, who may only read."""

    async def ask(target: dict[str, Any], chosen: Chosen) -> list[Any]:
        if "rawSql" in target:
            async with conn.transaction():
                await conn.execute("set local role copq_reporting; set local copq.lines = '*'")
                return list(await conn.fetch(chosen.sql(target["rawSql"])))
        return await asyncio.to_thread(server.query, chosen.promql(target["expr"]))

    return ask


@pytest.mark.prometheus
async def test_every_query_has_an_answer_whatever_the_names_hold(
    conn: Any, database: str, tmp_path: Path
) -> None:
    await fill(conn)
    async with watched(database, tmp_path) as server:
        ask = asking(conn, server)
        for choice in CHOICES:
            months = await ask({"rawSql": MONTHS}, choice)
            chosen = replace(choice, month=months[0]["month"])
            assert not await silent(ask, chosen), chosen
        await a_table_has_one_row_for_each_line(ask)
        await money_is_rounded_half_away_from_zero(server)
        for window in WINDOWS:
            await the_ledger_is_of_the_window(ask, replace(NAMED, window=window))
        assert not await ask(behind(), replace(NAMED, product=("widget",)))
        assert not await ask(behind(), replace(NAMED, currency="USD"))


async def silent(ask: Ask, chosen: Chosen) -> list[tuple[str, Any]]:
    """The queries without an answer. A scrape that took too long leaves none for a moment."""
    targets = [(name, target) for name, panel in panels() for target in panel["targets"]]
    for _ in range(5):
        targets = [(name, target) for name, target in targets if not await ask(target, chosen)]
        if not targets:
            break
        await asyncio.sleep(2)
    return targets


async def money_is_rounded_half_away_from_zero(server: Prometheus) -> None:
    def shown(unit: Unit, amount: float) -> float:
        asked = Chosen().promql(unit.rounded(f"vector({amount})"))
        return float(server.query(asked)[0]["value"][1])

    dinar, yen = Unit("locale", 4, "vector(0.001)"), Unit("locale", 4, "vector(1)")
    unknown = Unit("locale", 4, "no_such_series")
    for unit, amount, expected in (
        (MONEY, 0.125, 0.13), (MONEY, -0.125, -0.13), (REPORTED, 0.125, 0.13),
        (dinar, 0.0035, 0.004), (yen, 5.5, 6), (yen, -5.5, -6), (unknown, 0.125, 0.13),
    ):  # fmt: skip
        found = await asyncio.to_thread(shown, unit, amount)
        assert found == expected, (unit, amount)


async def a_table_has_one_row_for_each_line(ask: Ask) -> None:
    """Grafana joins rows of which all columns in common are equal: so each query has the same."""
    several = [(n, p) for n, p in panels() if p["type"] == "table" and len(p["targets"]) > 1]
    assert len(several) >= 4
    for name, table in several:
        answers = [await ask(target, Chosen()) for target in table["targets"]]
        assert len({frozenset(row["metric"]) for rows in answers for row in rows}) == 1, name
        assert {frozenset(row["metric"].items()) for row in answers[0]} >= {
            frozenset(row["metric"].items()) for rows in answers for row in rows
        }, name


def behind() -> dict[str, Any]:
    title = "line-and-product: The events behind it, $window ($currency)"
    target: dict[str, Any] = panel(title)["targets"][0]
    return target


async def the_ledger_is_of_the_window(ask: Ask, chosen: Chosen) -> None:
    """What the Pareto and the entries add up to is the tile, of the product and the window."""
    [tile] = panel("line-and-product: COPQ, $window ($currency)")["targets"]
    [pareto] = panel("line-and-product: Pareto, $window ($currency)")["targets"]
    for _ in range(60):
        figure = await ask(tile, chosen)
        shown = float(figure[0]["value"][1]) if figure else 0.0
        causes = sum(float(row["net"]) for row in await ask(pareto, chosen))
        listed = sum(
            float(row["net"] * row["counted"])
            for row in await ask(behind(), chosen)
            if row["element"] != "inspection"
        )
        # The hour slides on between the three questions: a minute of it is 2.
        if causes == pytest.approx(shown, abs=0.5) == listed:
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"{chosen}: tile {shown}, Pareto {causes}, entries {listed}")
