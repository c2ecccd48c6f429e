"""Published figures, recomputed from the published rates."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from copq.rates.book import RateBook
from copq.rates.store import book_of
from copq.schemas.priced import Entry, Outcome
from copq.schemas.rates import RateFile
from tests.support.costing.rows import case, priced

VALVES = case("tyre_valves")
FIGURE_11, FIGURE_12 = VALVES["figure_11"], VALVES["figure_12"]
PLANT = {"plant": "mysuru", "time_zone": "Asia/Kolkata", "day_start": "06:00", "currency": "INR"}
DATED = {"effective_from": "2017-01-01T00:00:00Z", "currency": "INR"}
DAY_1 = datetime(2017, 3, 6, tzinfo=UTC)
COMPUTED = {"cost", "vaf"}
"""What the sheet works out itself: a rate file has no place for it."""


def book(**tables: dict[str, Any]) -> RateBook:
    items = [{**DATED, "product": name, **table} for name, table in tables.items()]
    return book_of(RateFile.model_validate({"plants": [PLANT], "cost_tables": items}))


def published(product: str) -> dict[str, Any]:
    table = VALVES["cost_tables"][product]
    stages = [{k: v for k, v in s.items() if k not in COMPUTED} for s in table["stages"]]
    return {**table, "stages": stages}


# The sheet prints the scrap of a return as 6.00 net a unit, without its parts.
TR29 = book(TR29={**published("TR29"), "return_scrap": {"price": "6.00"}})


def entries(event_type: str, rates: RateBook = TR29, **said: Any) -> list[Entry]:
    where = {"plant": "mysuru", "line": "valves", "product": "TR29"}
    pricing = priced(event_type, rates, **{**where, **said})
    assert pricing.outcome == Outcome.PRICED, pricing.reason
    return pricing.entries


def near(printed: str) -> Any:
    """The sheet computed with unrounded rates and prints them rounded."""
    return pytest.approx(D(printed), rel=D("0.001"))


@pytest.mark.parametrize("product", VALVES["cost_tables"])
def test_stage_costs_and_value_addition_factors(product: str) -> None:
    found = book(**{product: published(product)}).cost_table("mysuru", product, DAY_1)
    assert found is not None
    for row in VALVES["cost_tables"][product]["stages"]:
        stage = row["stage"]
        assert found.item.stage_costs[stage] == pytest.approx(D(row["cost"]), abs=D("0.011"))
        # A factor is of four rounded figures: half a paisa each.
        if "vaf" in row:
            assert found.item.vaf(stage) == pytest.approx(D(row["vaf"]), rel=D("0.002"))


def test_figure_10_rejects_at_one_stage() -> None:
    figure = VALVES["figure_10"]
    entry = entries("defect", stage=figure["stage"], quantity=figure["rejected"])[0]
    assert entry.gross == near(figure["gross"])
    assert entry.recovered == near(figure["recovered"])
    assert entry.gross - entry.recovered == pytest.approx(D(figure["net"]), rel=D("0.0013"))


def test_figure_10_is_exact_from_the_sheet_s_own_totals() -> None:
    figure = VALVES["figure_10"]
    total = {"stage": "P1", "raw_material": figure["gross"]}
    share = {"recovery_rate": "1", "input_raw_material": figure["recovered"]}
    [entry] = entries("defect", book(TR29={"stages": [total], **share}), stage="P1", quantity=1)
    assert entry.net == D(figure["net"])


def test_figure_11_rejects_of_a_day_and_their_dispatch() -> None:
    found = rejects()
    assert before_allowance(found, "defect") == near(FIGURE_11["sum_of_net"])
    [dispatch] = [e for e in found if e.element == "recovery_overhead"]
    assert dispatch.gross == D(FIGURE_11["recovery_overhead"])
    assert before_allowance(found) == near(FIGURE_11["production_rejection"])


def test_figure_12_returns_are_exact() -> None:
    in_house, scrap = entries("return", **IN_HOUSE)
    [on_site] = entries("return", **ON_SITE)
    assert in_house.gross == D(FIGURE_12["in_house"]["total"])
    assert on_site.gross == D(FIGURE_12["on_site"]["total"])
    assert scrap.gross == D(FIGURE_12["net_scrap"])
    assert in_house.gross + on_site.gross + scrap.gross == D(FIGURE_12["customer_rejection"])


def test_figure_13_net_copq_and_its_share_of_production() -> None:
    figure = VALVES["figure_13"]
    found = [*rejects(), *entries("return", **IN_HOUSE), *entries("return", **ON_SITE)]
    [made] = entries("production", quantity=figure["units_produced"])
    net = sum((entry.net for entry in found), D(0))
    assert before_allowance(found) == near(figure["rejection"])
    assert net == near(figure["net_copq"])
    assert made.base == near(figure["cost_of_production"])
    assert 100 * net / made.base == near(figure["copq_percent"])


IN_HOUSE = {
    "quantity": FIGURE_12["in_house"]["sent_back"],
    "scrapped": FIGURE_12["in_house"]["scrapped"],
    "transport": FIGURE_12["in_house"]["transport"],
}
ON_SITE = {
    # The sheet counts the scrapped units once: with those that were sent back.
    "quantity": FIGURE_12["on_site"]["handled"] - FIGURE_12["on_site"]["scrapped"],
    "travel": FIGURE_12["on_site"]["travel"],
    "on_site": True,
}


def rejects() -> list[Entry]:
    """The entries of a day's rejects: those that several events may cause, once."""
    stages, quantity = FIGURE_11["rejected_at_each_of"], FIGURE_11["quantity"]
    found = [e for stage in stages for e in entries("defect", stage=stage, quantity=quantity)]
    once = {entry.once: entry for entry in found if entry.once}
    return [*(entry for entry in found if not entry.once), *once.values()]


def before_allowance(found: list[Entry], element: str | None = None) -> D:
    chosen = [entry for entry in found if element in (None, entry.element)]
    return sum((entry.gross - entry.recovered for entry in chosen), D(0))


HISTORY = case("effective_dating")


def _dated(row: dict[str, str]) -> dict[str, str]:
    """The published day is the last on which the cost holds; ours is the first on which not."""
    dated = {"effective_from": f"{row['from']}T00:00:00Z", "currency": HISTORY["currency"]}
    if "to_and_including" in row:
        after = date.fromisoformat(row["to_and_including"]) + timedelta(days=1)
        dated["effective_to"] = f"{after}T00:00:00Z"
    return dated


BIKES = book_of(
    RateFile.model_validate({
        "plants": [{**PLANT, "currency": HISTORY["currency"]}],
        "cost_tables": [
            {**_dated(row), "product": product,
             "stages": [{"stage": "whole", "raw_material": row["unit_cost"]}]}
            for product, rows in HISTORY["cost_history"].items() for row in rows
        ],
    })
)  # fmt: skip


@pytest.mark.parametrize("row", HISTORY["cases"], ids=lambda row: row["occurred_at"])
def test_an_event_is_priced_at_what_was_in_force(row: dict[str, Any]) -> None:
    said = {"product": row["product"], "occurred_at": f"{row['occurred_at']}Z", "quantity": 1}
    pricing = priced("scrap", BIKES, plant="mysuru", line="any", **said)
    assert pricing.outcome == row.get("outcome", Outcome.PRICED)
    assert [str(e.gross) for e in pricing.entries] == (
        [row["unit_cost"]] if row["unit_cost"] else []
    )


UN_QUALITY = case("un_quality")["cases"]


def test_the_cost_of_un_quality_ranks_what_was_made_for_nothing() -> None:
    costs = [_made_for_nothing(row) for row in UN_QUALITY]
    assert costs == [D(row["cost_of_un_quality"]) for row in UN_QUALITY]
    ranked = sorted(costs, reverse=True)
    assert [ranked.index(cost) + 1 for cost in costs] == [row["rank"] for row in UN_QUALITY]


def _made_for_nothing(row: dict[str, Any]) -> D:
    unit = {
        "stage": "whole",
        "raw_material": row["material_per_unit"],
        "labour_overhead": row["labour_per_unit"],
    }
    quantity = row["made"] - row["sold"]
    [entry] = entries("admin_failure", book(TR29={"stages": [unit]}), quantity=quantity)
    return entry.net
