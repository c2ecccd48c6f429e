"""The cost-of-quality report: money events in, the report out."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from copq.access.authority import Actor
from copq.bases.store import import_bases
from copq.improvement.coq_report import COSTS, FIGURES
from copq.ledger.money import fixed
from copq.rates.book import RateBook
from copq.rates.store import import_rates, load
from copq.schemas.bases import BaseFile
from copq.schemas.targets import TargetFile
from copq.targets.store import import_targets
from tests.support.building import event, plant, post_events, production, rates
from tests.support.reporting.api.asking import Api, LinesDoor

CASES = json.loads((Path(__file__).parents[3] / "cases" / "quality_cost_reports.json").read_text())
BENTON = CASES["reports"][0]
CARLA = Actor("carla")
MAY, JUNE = "2026-05-10T12:00:00+00:00", "2026-06-10T12:00:00+00:00"


async def rated(conn: Any, *plants: Any, **widget: Any) -> RateBook:
    await import_rates(conn, rates(*(plants or (plant(),)), **widget), "rates.yaml", "test")
    return await load(conn)


async def set_bases(conn: Any, book: RateBook, *items: dict[str, Any]) -> None:
    known = {"plant": "north", "month": "2026-06", "base": "revenue", "currency": "EUR"}
    file = BaseFile.model_validate({"bases": [{**known, **item} for item in items]})
    await import_bases(conn, file, book, "bases.csv", CARLA)


def spent(event_type: str, name: str, amount: Any, at: str = JUNE, **more: Any) -> bytes:
    return event(event_type, name, occurred_at=at, out_of_pocket=str(amount), **more)


def by_figure(answer: dict[str, Any], **of: Any) -> dict[str, dict[str, Any]]:
    rows = [row for row in answer["rows"] if all(row[n] == v for n, v in of.items())]
    assert len(rows) == len(FIGURES)
    return {row["figure"]: row for row in rows}


def benton() -> list[bytes]:
    """Each cost of the published report, as the event that a plant would send."""
    prevention, appraisal = BENTON["prevention"], BENTON["appraisal"]
    internal, external = BENTON["internal_failure"], BENTON["external_failure"]
    item = {"product": "widget"}
    units = Decimal(internal["scrap"]) / 10  # a finished widget costs 10
    returned = Decimal(external["returned goods"]) / 10
    return [
        *(spent("prevention", name, amount) for name, amount in prevention.items()),
        *(spent("inspection", name, amount) for name, amount in appraisal.items()),
        event("rework", "reinspection", occurred_at=JUNE, quantity=1,
              minutes=internal["reinspection"], **item),
        event("scrap", "scrap", occurred_at=JUNE, quantity=str(units), **item),
        spent("warranty", "recalls", external["recalls"]),
        spent("complaint", "lost sales", external["lost sales"]),
        event("return", "returned goods", occurred_at=JUNE, quantity=str(returned),
              scrapped=str(returned), **item),
    ]  # fmt: skip


async def test_the_published_report_is_as_printed_from_events_to_answer(
    conn: Any, api: Api
) -> None:
    """Minutes are at 1 a minute: 67,500 minutes of reinspection."""
    nothing = {"labour": "0", "material": "0", "overhead": "0"}
    scrapped = {"price": "10", "recovered": "0", "recovery_overhead": "0"}
    book = await rated(conn, plant(currency="USD"), rework_in_house=nothing, return_scrap=scrapped)
    await set_bases(conn, book, {"amount": BENTON["revenue"], "currency": "USD"})
    await post_events(conn, book, benton())
    answer = await api.get("/v1/coq", base="revenue", from_="2026-06")
    found = by_figure(answer)
    for figure, printed in BENTON["percent_of_revenue"].items():
        row = found[figure]
        assert fixed(Decimal(row["percentage"]), 2) == printed, figure
        assert row["percentage_name"] == f"{figure} % of revenue"
        assert row["base_amount"] == BENTON["revenue"] and row["currency"] == "USD"
    for category in COSTS:
        wanted = sum(map(Decimal, BENTON.get(category, {}).values()))
        assert Decimal(found[category]["amount"]) == wanted
    assert answer["unpriced_events"] == 0


async def filled(conn: Any) -> RateBook:
    """May and June of two plants: prevention, appraisal and complaints, and production of 1,000."""
    book = await rated(conn, plant(lines=("L1", "L2")), plant("south", lines=("L1",)))
    events = []
    for at, complaint in ((MAY, 600), (JUNE, 400)):
        month = at[5:7]
        for name, line in (("north", "L1"), ("north", "L2"), ("south", "L1")):
            of, key = {"plant": name, "line": line}, f"{name}-{line}-{month}"
            events += [
                production(f"p-{key}", at, 100, **of),
                spent("prevention", f"t-{key}", 30, at, **of),
                spent("inspection", f"i-{key}", 20, at, **of),
                spent("complaint", f"c-{key}", complaint, at, **of),
            ]
    await post_events(conn, book, events)
    return book


async def test_each_base_has_its_percentage_or_the_reason_for_none(conn: Any, api: Api) -> None:
    book = await filled(conn)
    await set_bases(conn, book, {"amount": "4500"}, {"amount": "9000", "base": "payroll"})
    asked = {"from_": "2026-06", "base": "cost of production,revenue,CoQ,payroll"}
    answer = await api.get("/v1/coq", **asked)
    named = {"plant": "north", "figure": "coq"}
    rows = [r for r in answer["rows"] if named.items() <= r.items()]
    assert [(r["base"], r["percentage"]) for r in rows] == [
        ("cost of production", "45"), ("revenue", "20"), ("CoQ", "100"), ("payroll", "10"),
    ]  # fmt: skip
    south = by_figure(answer, plant="south", base="revenue")["copq"]
    assert (south["percentage"], south["base_amount"]) == (None, None)
    assert south["percentage_reason"] == (
        "there is no revenue of south in 2026-06; finance imports it with: copq bases import FILE"
    )
    lines = await api.get("/v1/coq", from_="2026-06", base="revenue", by="line", plant="north")
    assert {r["percentage_reason"] for r in lines["rows"]} == {
        "revenue is of whole plants, and this is a part of one"
    }
    assert [r["percentage"] for r in lines["totals"] if r["figure"] == "coq"] == ["20"]


async def test_a_restated_base_changes_the_percentage_and_says_so(conn: Any, api: Api) -> None:
    book = await filled(conn)
    await set_bases(conn, book, {"amount": "4500"})
    await set_bases(conn, book, {"amount": "9000"})
    answer = await api.get("/v1/coq", from_="2026-06", base="revenue", plant="north")
    row = by_figure(answer)["coq"]
    assert (row["percentage"], row["flags"]) == ("10", ["revenue of north in 2026-06 was restated"])
    await set_bases(conn, book, {"amount": None})
    answer = await api.get("/v1/coq", from_="2026-06", base="revenue", plant="north")
    assert by_figure(answer)["coq"]["percentage"] is None


async def test_the_month_before_the_units_and_the_return_on_quality(conn: Any, api: Api) -> None:
    await filled(conn)
    june = by_figure(await api.get("/v1/coq", from_="2026-06", plant="north"))
    coq = june["coq"]
    assert (coq["amount"], coq["previous"], coq["change"]) == ("900", "1300", "-400")
    assert (coq["change_percent"], coq["units"], coq["per_unit"]) == ("-30.769230769", "200", "4.5")
    assert (coq["baseline"], coq["return_on_quality"]) == ("2026-05-01", "4")
    assert june["copq"]["return_on_quality"] is None
    may = by_figure(await api.get("/v1/coq", from_="2026-05", to="2026-06", plant="north"))["coq"]
    assert (may["previous"], may["change"], may["return_on_quality"]) == (None, None, None)
    asked = {"from_": "2026-06", "plant": "north", "baseline": "2026-06"}
    assert by_figure(await api.get("/v1/coq", **asked))["coq"]["return_on_quality"] == "0"


async def test_budgets_stand_against_actual_by_category(conn: Any, api: Api) -> None:
    book = await filled(conn)
    start = {"plant": "north", "effective_from": datetime.fromisoformat("2026-06-01T06:00+02:00")}
    budgets = [
        {**start, "category": "prevention", "amount": "50"},
        {**start, "category": "appraisal", "amount": "50"}, {**start, "amount": "700"},
        {**start, "line": "L1", "category": "prevention", "amount": "40"},
    ]  # fmt: skip
    file = TargetFile.model_validate({"budgets": budgets})
    await import_targets(conn, file, book, "targets.yaml", CARLA)
    answer = await api.get("/v1/coq", from_="2026-05", plant="north")
    june = by_figure(answer, **{"from": "2026-06-01"})
    said = {n: (r["budget"], r["variance"], r["variance_percent"]) for n, r in june.items()}
    assert said["prevention"] == ("50", "10", "20")
    assert said["copq"] == ("700", "100", "14.285714286")
    assert said["coq"] == ("800", "100", "12.5")
    assert said["external_failure"] == (None, None, None)
    may = by_figure(answer, **{"from": "2026-05-01"})
    assert {r["budget"] for r in may.values()} == {None}
    lines = await api.get("/v1/coq", from_="2026-06", plant="north", by="line")
    assert by_figure(lines, line="L1")["prevention"]["variance"] == "-10"
    assert by_figure(lines, line="L2")["prevention"]["budget"] is None
    products = await api.get("/v1/coq", from_="2026-06", plant="north", by="product")
    assert {row["budget"] for row in products["rows"]} == {None}
    both = await api.get("/v1/coq", from_="2026-06", by="")
    assert {row["budget"] for row in both["rows"]} == {None}  # south has none


async def test_a_reader_of_some_lines_gets_no_base_and_no_budget_of_the_plant(
    conn: Any, api: Api
) -> None:
    book = await filled(conn)
    await set_bases(conn, book, {"amount": "4500"})
    start = datetime.fromisoformat("2026-06-01T06:00+02:00")
    budget = {"plant": "north", "effective_from": start, "amount": "700"}
    file = TargetFile.model_validate({"budgets": [budget]})
    await import_targets(conn, file, book, "targets.yaml", CARLA)
    for lines, amount, percentage, planned in (
        ({("north", None)}, "900", "20", "700"), ({("north", "L1")}, "450", None, None),
    ):  # fmt: skip
        api.door = LinesDoor(frozenset(lines))
        status = 200 if percentage else 422
        answer = await api.get("/v1/coq", status, from_="2026-06", base="revenue")
        if percentage:
            found = by_figure(answer)
            assert (found["coq"]["amount"], found["coq"]["percentage"]) == (amount, percentage)
        else:
            assert '"revenue" is none of cost of production, CoQ' in answer["detail"]
        found = by_figure(await api.get("/v1/coq", from_="2026-06"))
        assert (found["coq"]["amount"], found["copq"]["budget"]) == (amount, planned)


@pytest.mark.parametrize("seed", range(3))
async def test_parts_add_up_to_totals_for_any_cut_and_base(conn: Any, api: Api, seed: int) -> None:
    random, plants = Random(seed), ("north", "south")
    book = await rated(conn, *(plant(name, lines=("L1", "L2")) for name in plants))
    events = []
    for number in range(60):
        at = f"2026-0{random.randint(1, 6)}-{random.randint(2, 27):02}T12:00:00+00:00"
        of = {"plant": random.choice(plants), "line": random.choice(("L1", "L2"))}
        kind = random.choice(("prevention", "inspection", "complaint", "admin_failure", "p"))
        amount = Decimal(random.randint(1, 10**9)).scaleb(-4)
        made = production(f"e{number}", at, random.randint(1, 999), **of)
        events.append(made if kind == "p" else spent(kind, f"e{number}", amount, at, **of))
    await post_events(conn, book, events)
    months = [f"2026-0{m}" for m in range(1, 7)]
    await set_bases(conn, book, *(
        {"plant": name, "month": month, "amount": str(random.randint(1, 10**6))}
        for name in plants for month in months
    ))  # fmt: skip
    totals = []
    for by in ("", "plant", "line", "product", "plant,line,product"):
        answer = await api.get("/v1/coq", from_="2026-01", by=by, base="revenue,cost of production")
        totals.append([{**r, "budget": None} for r in answer["totals"]])
        for total in answer["totals"]:
            of = {"figure": total["figure"], "base": total["base"]}
            rows = [row for row in answer["rows"] if of.items() <= row.items()]
            assert sum(Decimal(row["amount"]) for row in rows) == Decimal(total["amount"])
            if "line" not in by and "product" not in by and total["base"] == "revenue":
                parts = sum(Decimal(row["base_amount"]) for row in rows)
                assert parts == Decimal(total["base_amount"])
    assert all(one == totals[0] for one in totals)
