"""`/v1/standing-costs`, and standing costs in the answers to other questions."""

from typing import Any

import pytest

from copq.rates.store import import_rates, load
from copq.schemas.targets import TargetFile
from copq.targets.store import import_targets
from tests.support.building import book, defect, plant, post_with_rates, rates
from tests.support.reporting.api.asking import Api, LinesDoor, RoleDoor
from tests.support.standing_costs import CARLA, cost, post_costs, set_costs

JUNE = "2026-06-10T12:00:00+00:00"
"""Before the clock of the API in these tests, which is 30 June."""
SOUTH = {"plant": "south", "currency": "USD"}


@pytest.fixture
async def rated(conn: Any) -> Any:
    south = plant("south", "America/Chicago", "00:00", "USD", ("L1", "L2"))
    await import_rates(conn, rates(plant(), south), "rates.yaml", "test")
    return conn


async def test_costs_are_shown_to_readers_of_their_lines(rated: Any, api: Api) -> None:
    await set_costs(rated, cost(), cost(line="L1", last_day="2026-05-31"), cost("5", **SOUTH))
    await set_costs(rated, cost(None), cost("7", name="lab", first_day="2026-08-01"))
    await post_costs(rated, JUNE)
    rows = (await api.get("/v1/standing-costs", plant="north", history="true"))["rows"]
    assert [(r["line"], r["name"], r["state"], r["posted_until"]) for r in rows] == [
        (None, "calibration", "removed", "2026-06-10"),
        (None, "calibration", "restated", "2026-06-10"), (None, "lab", "planned", None),
        ("L1", "calibration", "ended", "2026-05-31"),
    ]  # fmt: skip
    api.door = LinesDoor(frozenset({("north", "L1"), ("south", None)}))
    table = await api.csv("/v1/standing-costs")
    assert [(r["plant"], r["line"], r["state"]) for r in table] == [
        ("north", "L1", "ended"), ("south", "", "in force")
    ]  # fmt: skip
    said = await api.get("/v1/standing-costs", 422, plant="south", name="calibratoin")
    assert said["detail"].endswith('is none of calibration; did you mean "calibration"?')
    api.door = RoleDoor()
    for role, status in (("operator", 403), ("manager", 200), ("finance", 200)):
        bearer = {"authorization": f"Bearer {role}"}
        answer = await api.client.get("/v1/standing-costs", headers=bearer)
        assert answer.status_code == status


async def test_costs_of_the_plant_as_a_whole_are_apart_from_its_lines(conn: Any, api: Api) -> None:
    """In the report on the cost of quality, its budgets and the entries."""
    events = [defect("d", "2026-06-30T11:00:00+00:00", line="L2")]
    await post_with_rates(conn, book(plant()), events)
    known = {"plant": "north", "effective_from": "2026-01-01T00:00:00+00:00"}
    amounts = {"L1": "40", "L2": "50", None: "700"}
    budgets = [{**known, "line": line, "amount": amount} for line, amount in amounts.items()]
    file = TargetFile.model_validate({"budgets": budgets})
    await import_targets(conn, file, await load(conn), "t.csv", CARLA)
    await set_costs(conn, cost("300"), cost("30", line="L1", category="prevention"))
    await post_costs(conn, "2026-06-30T12:00:00+00:00")
    answer = await api.get("/v1/coq", by="line", from_="2026-06")
    found = {(r["line"], r["figure"]): (r["amount"], r["budget"]) for r in answer["rows"]}
    assert found[None, "appraisal"] == ("300", None) and found[None, "copq"] == ("0", None)
    assert found["L1", "coq"] == ("30", None) and found["L1", "copq"] == ("0", "40")
    totals = {r["figure"]: (r["amount"], r["budget"]) for r in answer["totals"]}
    assert totals["copq"] == ("10", "700") and totals["coq"] == ("340", None)
    [month] = [r for r in (await api.get("/v1/coq", from_="2026-06"))["rows"]
               if r["figure"] == "copq"]  # fmt: skip
    assert month["budget"] == "700"
    whole = await api.get("/v1/entries", line="", bucket="2026-06-30")
    assert [entry["net"] for entry in whole["entries"]] == ["10"]
    [entry] = whole["entries"]
    assert entry["agrees"] and "a month, day 30 of 30: 300.00 through this day" in entry["formula"]
