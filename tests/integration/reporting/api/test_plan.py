"""`/v1/plan`: by parameters, or fitted to a plant's months."""

from decimal import Decimal as D
from typing import Any

import pytest
from asyncpg import Connection

from copq.improvement.history import Month
from copq.rates.store import import_rates, load
from tests.support.building import event, plant, post_events, production, rates
from tests.support.improvement.programmes import programme
from tests.support.reporting.api.asking import Api, RoleDoor


async def test_a_plan_needs_no_figures(api: Api) -> None:
    found = await api.get("/v1/plan", indicators="1", periods=2, savings="1000000", currency="EUR")
    assert found["plans"] == [
        {"indicators": 1, "break_even": 2, "best": 2, "best_eb": "0.01399118"}
    ]
    second = found["rows"][1]
    assert (second["tqc"], second["eb"]) == ("0.0975", "0.01399118")
    assert (second["spent"], second["saved"], second["benefit"]) == (
        "97500",
        "111491.18",
        "13991.18",
    )
    rows = await api.csv("/v1/plan", indicators="1,2", periods=3)
    assert [(row["indicators"], row["t"]) for row in rows] == [
        ("1", "1"), ("1", "2"), ("1", "3"), ("2", "1"), ("2", "2"), ("2", "3"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"beta": "1.01"}, "beta is 1.01: it must be more than 0 and at most 1"),
        ({"alpha": "0,9"}, 'alpha is "0,9": it must be a number'),
        ({"indicators": "0"}, "indicators is 0: it must be a whole number from 1 to 12"),
        ({"indicators": "1,1"}, "name each number once"),
        ({"indicators": "one"}, "write whole numbers with commas"),
        ({"periods": "0"}, "periods"),
        ({"savings": "5"}, "currency is missing"),
        ({"savings": "-5", "currency": "EUR"}, "savings is -5: it must be more than 0"),
        ({"savings": "5", "currency": "euro"}, "three capital letters"),
        ({"plant": "north"}, "add fit, or leave plant out"),
        ({"fit": "true"}, "fit needs plant and from"),
        ({"fit": "true", "plant": "nowhere", "from": "2025-01"}, 'plant "nowhere"'),
    ],
)
async def test_a_plan_outside_the_model_is_refused_in_one_sentence(
    api: Api, question: dict[str, str], words: str
) -> None:
    assert words in (await api.get("/v1/plan", 422, **question))["detail"]


async def test_an_operator_sees_no_plan(api: Api) -> None:
    api.door = RoleDoor()
    answer = await api.client.get("/v1/plan", headers={"authorization": "Bearer operator"})
    assert answer.status_code == 403
    answer = await api.client.get("/v1/plan", headers={"authorization": "Bearer manager"})
    assert answer.status_code == 200


def _events(month: Month) -> list[bytes]:
    """Production of 20,000, and what was spent and lost, on the second of the month."""
    at = f"{month.month:%Y-%m}-02T12:00:00+00:00"
    name = f"{month.month:%Y-%m}"
    found = [production(f"p-{name}", at, month.base / 10)]
    money = (("prevention", month.spending), ("complaint", month.failure))
    for kind, amount in money:
        if amount:
            cents = amount.quantize(D("0.0001"))
            found.append(event(kind, f"{kind}-{name}", occurred_at=at, out_of_pocket=cents))
    return found


async def fill(conn: Connection) -> None:
    """A programme of 15 months from January 2026 on, with three months before it."""
    found = programme(months=15, baseline=3)
    await import_rates(conn, rates(plant(zone="UTC", day_start="00:00")), "rates", "test")
    events = [raw for month in (*found.baseline, *found.months) for raw in _events(month)]
    await post_events(conn, await load(conn), events)


async def test_a_plan_is_fitted_to_the_months_of_the_ledger(conn: Any, api: Api) -> None:
    await fill(conn)
    question: dict[str, Any] = {"fit": "true", "plant": "north", "from": "2026-01"}
    api.now = api.now.replace(year=2027, month=4)
    found = await api.get("/v1/plan", **question, fit_indicators=2, indicators="2", periods=6)
    assert found["fit"]["refused"] is None and found["fit"]["months"] == 15
    assert (found["savings"], found["currency"]) == ("12000", "EUR")
    for name, truth in (("alpha", "0.95"), ("beta", "0.95"), ("m", "0.01"), ("c", "0.05")):
        assert abs(D(found["parameters"][name]) - D(truth)) < D("0.001"), name
    held = await api.get("/v1/plan", **question, fit_indicators=2, m="0.02", periods=1)
    assert held["parameters"]["m"] == "0.02" and "m" not in held["fit"]["intervals"]
    early = {**question, "from": "2026-06"}
    refused = await api.get("/v1/plan", **early)
    assert "has 10 whole months with production, and 12" in refused["fit"]["refused"]
    assert refused["rows"] == [] and await api.csv("/v1/plan", **early) == []
