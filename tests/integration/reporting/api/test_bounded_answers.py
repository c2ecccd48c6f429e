"""Answers with a limit: the rows are the first of all, and the totals are of all."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from copq.figures.unpriced import waiting_items
from copq.rates.store import import_rates
from tests.support.building import book, defect, plant, post_events, production, rates, stop
from tests.support.reporting.api.asking import NOW, Api

PLANTS = (plant(), plant("south", "America/Chicago", "00:00"))
"""Their hours are the same and their days are not: two questions, one answer."""


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


@pytest.fixture
async def filled(conn: Any, api: Api) -> Api:
    """Nine lines of two plants with costs and base; stops booked, over the hour's edge and open."""
    await import_rates(conn, rates(*PLANTS), "test", "test")
    events = []
    for n in range(9):
        of = {"line": f"L{n}", "plant": PLANTS[n % 2].plant}
        for part, minutes in enumerate((5, 50, 70, 3_000)):
            code = {"defect_code": f"c{n % 5}"}
            events += [defect(f"d{part}-{n}", ago(minutes), 1 + n * 7 % 9, **code, **of)]
            events += [production(f"p{part}-{n}", ago(minutes), 100, **of)]
        if of["line"] in ("L1", "L2"):
            events += [stop(f"over-{n}", ago(62), ago(57 - n), **of),
                       stop(f"open-{n}", ago(10 + n), **of),
                       stop(f"machine-{n}", ago(5), work_unit="M2", **of)]  # fmt: skip
        events += [defect(f"u-{n}", ago(9), product=f"unknown-{n}", **of)]
    await post_events(conn, book(*PLANTS), events)
    return api


@pytest.mark.parametrize("by", ["plant,line", "line", "line,element", "plant,product", ""])
async def test_trailing_rows_are_the_most_expensive_and_totals_are_of_all(
    filled: Api, by: str
) -> None:
    whole = (await filled.get("/v1/trailing", by=by))["windows"]
    table = await filled.csv("/v1/trailing", by=by)
    for limit in (1, 4):
        part = (await filled.get("/v1/trailing", by=by, limit=limit))["windows"]
        for every, some in zip(whole, part, strict=True):
            assert some["rows"] == every["rows"][:limit]
            assert (some["rows_total"], some["totals"]) == (len(every["rows"]), every["totals"])
    for window in whole:
        costs = [Decimal(row["copq"]) for row in window["rows"]]
        assert costs == sorted(costs, reverse=True)
        assert sum(costs) == Decimal(window["totals"][0]["copq"]) > 0
        rows = [row for row in table if row["window"] == window["window"]]
        assert sum(Decimal(row["copq"]) for row in rows) == sum(costs)
        assert len(rows) == window["rows_total"]


async def test_trailing_csv_with_a_limit_has_the_same_rows_as_json(filled: Api) -> None:
    said = (await filled.get("/v1/trailing", limit=2))["windows"]
    table = await filled.csv("/v1/trailing", limit=2)
    expected = [(w["window"], row["line"], row["copq"]) for w in said for row in w["rows"]]
    assert [(row["window"], row["line"], row["copq"]) for row in table] == expected


async def test_the_worst_losses_come_with_the_sum_of_all(filled: Api) -> None:
    whole = await filled.get("/v1/drivers", top=100)
    part = await filled.get("/v1/drivers", top=1)
    assert part["rows"] == whole["rows"][:1] and part["totals"] == whole["totals"]
    [total] = part["totals"]
    assert total["losses"] == len(whole["rows"]) > 1
    assert Decimal(total["net"]) == sum(Decimal(row["net"]) for row in whole["rows"])


@pytest.mark.parametrize("by", ["plant,line", "product", "plant"])
async def test_key_figures_come_with_those_of_all(filled: Api, by: str) -> None:
    whole = await filled.get("/v1/kpis", by=by)
    part = await filled.get("/v1/kpis", by=by, limit=1)
    assert part["rows"] == whole["rows"][:1]
    assert part["rows_total"] == len(whole["rows"]) == len(await filled.csv("/v1/kpis", by=by))
    assert part["total"] == whole["total"]
    for name in ("produced", "good", "scrapped"):
        assert Decimal(part["total"][name]) == sum(Decimal(row[name]) for row in whole["rows"])


async def test_what_waits_is_counted_whole(conn: Any, filled: Api) -> None:
    every = await waiting_items(conn, book(*PLANTS), NOW, 100)
    some = await waiting_items(conn, book(*PLANTS), NOW, 2)
    assert some.unpriced.groups == every.unpriced.groups[:2]
    assert some.open_stops.stops == every.open_stops.stops[:2]
    for found in (every, some):
        assert found.unpriced.groups_total == len(every.unpriced.groups) > 2
        assert found.unpriced.events == sum(group.events for group in every.unpriced.groups)
        assert found.open_stops.stops_total == 4
        assert sum(found.open_stops.cost.values()) == sum(s.cost for s in every.open_stops.stops)
        assert found.unpriced.unknown == sum(group.unknown for group in every.unpriced.groups)


async def test_an_unknown_name_is_answered_with_some_names_and_how_many_more(
    conn: Any, filled: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copq.figures.names.MOST", 3)
    monkeypatch.setattr("copq.rates.names._SHOWN", 2)
    said = await filled.get("/v1/copq", 422, line="nowhere")
    assert "L0, L1 and 7 more" in said["detail"]
