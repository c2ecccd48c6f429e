"""The published programme of a materials supplier: money events in, its printed changes out.

The source prints percentages alone, so the money is ours. One programme cannot have all of them: if
failure falls by 80 % and the return on quality is 345 %, the spending is 0.8 / 3.45 = 23 % of the
failure before, and the total after is 43 % of it. That would be 49 % of a total of 88 % of the
failure before, which is less than the failure alone. So one set of money has every printed change,
and another the printed return.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from copq.improvement.coq_report import change_percent
from copq.ledger.money import fixed
from tests.integration.reporting.api.test_coq import JUNE, MAY, by_figure, rated, spent
from tests.support.building import event, post_events
from tests.support.reporting.api.asking import Api

CASES = json.loads((Path(__file__).parents[3] / "cases" / "quality_cost_reports.json").read_text())
PRINTED = CASES["programme_of_a_materials_supplier"]
FIGURES = {
    "total cost of quality": "coq", "appraisal": "appraisal", "total failure": "copq",
    "external failure": "external_failure",
}  # fmt: skip
COLUMNS = ("prevention", "inspection", "complaint", "warranty")
"""Of the amounts, before the units scrapped at 10 each; a complaint compensates the customer."""

CHANGES = {MAY: ("1000", "3000", "500", "7500", 200), JUNE: ("3210", "1650", "470", "890", 64)}
RETURN = {MAY: ("200", "2397.90", "500", "7500", 200),
          JUNE: ("1000", "1318.84", "470", "890", 64)}  # fmt: skip


async def programme(conn: Any, api: Api, money: Any) -> dict[str, dict[str, Any]]:
    book = await rated(conn)
    events = []
    for at, (*amounts, units) in money.items():
        named = zip(COLUMNS, amounts, strict=True)
        events += [spent(kind, f"{kind}-{at}", amount, at) for kind, amount in named]
        events += [event("scrap", f"s-{at}", occurred_at=at, quantity=units, product="widget")]
    await post_events(conn, book, events)
    return by_figure(await api.get("/v1/coq", from_="2026-06"))


def changes(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {
        name: fixed(Decimal(found[figure]["change_percent"]), 0) for name, figure in FIGURES.items()
    }


async def test_each_printed_change_comes_out_of_events(conn: Any, api: Api) -> None:
    found = await programme(conn, api, CHANGES)
    printed = {name: str(change) for name, change in PRINTED["change_percent"].items()}
    asked = {"grain": "month", "from_": "2026-05", "by": "element", "element": "complaint"}
    rows = (await api.get("/v1/copq", **asked))["rows"]
    paid = [Decimal(row["copq"]) for row in rows if row["element"] == "complaint"]
    compensation = change_percent(paid[0], paid[1])
    assert compensation is not None
    assert changes(found) | {"customer compensation": fixed(compensation, 0)} == printed
    assert fixed(Decimal(found["coq"]["return_on_quality"]) * 100, 0) == "165", "not 345"


async def test_the_printed_return_comes_out_of_events(conn: Any, api: Api) -> None:
    found = await programme(conn, api, RETURN)
    returned = Decimal(found["coq"]["return_on_quality"]) * 100
    assert fixed(returned, 0) == str(PRINTED["return_on_quality_percent"])
    printed = {name: str(PRINTED["change_percent"][name]) for name in FIGURES}
    assert changes(found) == printed | {"total cost of quality": "-66"}, "not -51"


@pytest.mark.parametrize("failure", ["-79.5", "-80.5"])
@pytest.mark.parametrize("returned", ["3.445", "3.455"])
def test_no_money_has_the_printed_total_and_the_printed_return(failure: str, returned: str) -> None:
    """Not even within the rounding of what is printed."""
    left = 1 + Decimal(failure) / 100
    after = left + (1 - left) / Decimal(returned)
    assert after / Decimal("0.485") < 1, "the total before is less than the failure before"
