"""The key figures of the board: those of `/v1/kpis`, and what a good unit costs."""

from datetime import timedelta
from typing import Any

import pytest

from copq.figures.kpi_report import NO_GOOD, NO_UNITS
from copq.rates.store import import_rates, load
from copq.reporting.board.kpis import NONE_GOOD, with_unit_costs
from tests.integration.reporting.board.test_contents import Clocked, ago
from tests.integration.reporting.board.test_contents import site as site
from tests.support.building import defect, plant, post_events, production, rates, stop
from tests.support.reporting.api.asking import NOW


async def test_they_are_those_of_the_api_on_a_live_and_a_past_day(conn: Any, site: Clocked) -> None:
    await import_rates(conn, rates(plant(), ideal_rate=2), "rates", "finance")
    events = [production("p", ago(30), 100), defect("d", ago(20), 4), stop("s", ago(60), ago(36)),
              stop("open", ago(5))]  # fmt: skip
    await post_events(conn, await load(conn), events)
    await is_as_asked(site, "2026-06-30", "2026-07-01")
    kpis = (await site.board())["kpis"]
    assert (kpis["quality"], kpis["mean_time_to_repair"]) == ("0.96", "1440")
    assert (kpis["copq_per_good"], kpis["cost_per_good"]) == ("1.020833333", "10.416666667")
    site.now = NOW + timedelta(days=1)
    await is_as_asked(site, "2026-06-30", "2026-07-01", day="2026-06-30")
    assert (await site.board(day="2026-06-29"))["kpis"] is None


async def is_as_asked(site: Clocked, start: str, end: str, **view: str) -> None:
    asked = {"plant": "north", "by": "plant", "from_": start, "to": end}
    [row] = (await site.get("/v1/kpis", **asked))["rows"]
    kpis = (await site.board(**view))["kpis"]
    assert row == {name: kpis[name] for name in row}


@pytest.mark.parametrize(
    ("units", "good", "why"), [(0, 0, NO_UNITS), (5, None, NO_GOOD), (5, 0, NONE_GOOD)]
)
def test_an_unknown_unit_cost_has_its_reason(units: int, good: int | None, why: str) -> None:
    today = {"units": units, "good": good, "copq_per_good": None, "cost_per_good": None}
    found = with_unit_costs({"oee": None, "reasons": {"oee": "so"}}, today)
    assert found["reasons"] == {"oee": "so", "copq_per_good": why, "cost_per_good": why}
