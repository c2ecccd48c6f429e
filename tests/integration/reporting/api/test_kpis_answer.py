"""Key figures of any window, from events to the API: published ones, and what is unknown."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from copq.figures.kpi_report import NO_GOOD, NO_IDEAL_RATE, NO_PRODUCT_TIME
from copq.rates.store import import_rates, load
from tests.support.building import defect, plant, post_events, production, rates, stop
from tests.support.reporting.api.asking import Api

OEE = json.loads((Path(__file__).parents[3] / "cases" / "kpis.json").read_text())["oee"]
START = datetime.fromisoformat("2026-06-29T06:00:00+00:00")


def at(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


async def fill(conn: Any, *events: bytes, ideal_rate: int | None = 60) -> None:
    whole = rates(plant(zone="UTC", day_start="00:00"), ideal_rate=ideal_rate)
    await import_rates(conn, whole, "rates", "finance")
    await post_events(conn, await load(conn), events)


async def shift(api: Api, **more: Any) -> dict[str, Any]:
    edges = {"from_": at(0), "to": at(OEE["shift_minutes"])}
    [row] = (await api.get("/v1/kpis", plant="north", **{**edges, **more}))["rows"]
    return dict(row)


async def test_the_published_oee_of_a_shift_comes_from_its_events(conn: Any, api: Api) -> None:
    """Its break is a planned stop of the whole line; before and after the shift the line ran on."""
    await fill(
        conn, production("p", at(200), OEE["processed"], good=OEE["good"]),
        defect("d", at(300), OEE["rejected"]),
        stop("break", at(240), at(240 + OEE["planned_breaks_minutes"]), planned=True),
        stop("fault", at(10), at(10 + OEE["downtime_minutes"])),
        production("before", at(-1), 500), production("after", at(OEE["shift_minutes"]), 500),
        stop("later", at(OEE["shift_minutes"]), at(OEE["shift_minutes"] + 9)),
    )  # fmt: skip
    row = await shift(api)
    for name, value in (
        ("availability", row["availability"]), ("performance", row["effectiveness"]),
        ("oee", row["oee"]),
    ):  # fmt: skip
        assert f"{float(value):.4f}" == OEE[name], name
    assert row["planned_seconds"] == str(60 * OEE["planned_production_time"])
    assert row["running_seconds"] == str(60 * OEE["run_time"])
    assert (row["mean_time_to_repair"], row["repaired_stops"]) == ("2820", 1)
    assert row["reasons"] == {}
    assert abs(float(row["quality"]) + float(row["scrap_ratio"]) - 1) < 1e-8


async def test_a_planned_stop_of_the_line_leaves_availability_whatever_a_minute_costs(
    conn: Any, api: Api
) -> None:
    """Planned from 8 to 9, broken from 8:30 to 9:30: 1350 of 1380 minutes."""
    await fill(conn, production("p", at(0)), stop("planned", at(120), at(180), planned=True),
               stop("fault", at(150), at(210)))  # fmt: skip
    [row] = (await api.get("/v1/kpis", plant="north", from_="2026-06-29", to="2026-06-30"))["rows"]
    assert row["availability"] == "0.97826087"
    assert (row["stopped_seconds"], row["planned_seconds"]) == ("1800", "82800")


UNKNOWN: tuple[tuple[list[bytes], int | None, dict[str, Any], dict[str, Any], str, str], ...] = (
    # nobody says how many are good: all that were not rejected
    ([production("p", at(1), 1000), defect("d", at(2), 100)], 60, {},
     {"quality": "0.9", "first_pass_yield": "0.9", "scrap_ratio": "0.1"}, "", ""),
    # a part of the events says it
    ([production("p", at(1), 1000), production("q", at(1), 10, good=9)], 60, {},
     {"quality": None, "oee": None, "good": None}, "quality", NO_GOOD),
    ([production("p", at(1), 10, good=9)], None, {}, {"oee": None, "availability": "1"},
     "oee", NO_IDEAL_RATE),
    ([production("p", at(1), 10, good=9)], 60, {"product": "widget"},
     {"oee": None, "quality": "0.9", "mean_time_to_repair": None}, "oee", NO_PRODUCT_TIME),
)  # fmt: skip


@pytest.mark.parametrize(("events", "ideal", "asked", "figures", "name", "reason"), UNKNOWN)
async def test_what_is_unknown_is_null_with_the_reason(
    conn: Any, api: Api, events: list[bytes], ideal: int | None, asked: dict[str, Any],
    figures: dict[str, Any], name: str, reason: str,
) -> None:  # fmt: skip
    await fill(conn, *events, ideal_rate=ideal)
    row = await shift(api, **asked)
    assert {key: row[key] for key in figures} == figures
    assert row["reasons"].get(name, "").startswith(reason)


async def test_an_open_stop_takes_availability_until_now(conn: Any, api: Api) -> None:
    api.now = START + timedelta(minutes=100)
    await fill(conn, production("p", at(1), good=100), stop("open", at(75)))
    row = await shift(api)
    assert (row["availability"], row["to"]) == ("0.75", "2026-06-29T07:40:00+00:00")
    assert row["reasons"]["mean_time_to_repair"]


async def test_a_window_that_makes_no_sense_is_refused(api: Api) -> None:
    for edges in ({"to": "2026-06-30"}, {"from_": "2026-06-30", "to": "2026-06-29"}):
        await api.get("/v1/kpis", 422, **edges)
    await api.get("/v1/kpis", 422, by="element")
