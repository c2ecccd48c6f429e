"""`base` wherever a share is shown: the share of another base, or the reason for none."""

from typing import Any

import pytest

from tests.integration.reporting.api.test_coq import filled, set_bases
from tests.support.reporting.api.asking import Api

MONTHS = {"grain": "month", "from_": "2026-05"}


async def shares(api: Api, **asked: Any) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    rows = (await api.get("/v1/copq", **{**MONTHS, **asked}))["rows"]
    return {
        (row.get("plant"), row["from"]): (row["base"], row["copq_share"], row["copq_share_reason"])
        for row in rows
    }


async def test_a_month_of_a_plant_has_a_share_of_an_imported_base(conn: Any, api: Api) -> None:
    book = await filled(conn)
    months = [{"amount": "8000", "month": "2026-05"}, {"amount": "3200"}]
    await set_bases(conn, book, *months)
    found = await shares(api, by="plant", base="revenue")
    none = (
        "there is no revenue of south in 2026-05; finance imports it with: copq bases import FILE"
    )
    assert found["north", "2026-05-01"] == ("8000", "0.15", None)
    assert found["north", "2026-06-01"] == ("3200", "0.25", None)
    assert found["south", "2026-05-01"] == (None, None, none)
    answer = await api.get("/v1/copq", **MONTHS, by="line", plant="north", base="revenue")
    assert {row["copq_share_reason"] for row in answer["rows"]} == {
        "revenue is of whole plants, and this is a part of one"
    }
    [total] = answer["totals"]
    assert (total["base"], total["base_name"]) == ("11200", "revenue")
    assert total["copq_share"] == "0.178571429" and total["percentage_name"] == "copq % of revenue"
    assert total["cost_per_good"] == "10", "it stays the cost of production"
    assert "base = revenue." in answer["basis"]
    asked = {"grain": "month", "from_": "2026-06", "by": "plant,element", "plant": "north"}
    elements = (await api.get("/v1/copq", **asked, base="revenue"))["rows"]
    assert [(row["base"], row["copq_share"]) for row in elements if row["copq"] != "0"] == [
        ("3200", "0.25")
    ]
    table = await api.csv("/v1/copq", **MONTHS, by="plant", base="revenue")
    assert [row["copq_share"] for row in table][:2] == ["0.15", ""]


@pytest.mark.parametrize(
    ("path", "asked", "reason"),
    [
        ("/v1/copq", {"grain": "day", "base": "revenue"}, "revenue is of whole months"),
        ("/v1/copq", {"grain": "hour", "base": "revenue"}, "revenue is of whole months"),
        ("/v1/copq", {"line": "L1", "base": "revenue"}, "revenue is of whole plants"),
        ("/v1/copq", {"element": "complaint", "base": "CoQ"}, "CoQ is of all elements"),
        ("/v1/copq", {"by": "category", "base": "CoQ"}, "CoQ is of all elements"),
        ("/v1/trailing", {"base": "revenue"}, "revenue is of whole months"),
    ],
)
async def test_without_a_base_there_is_the_reason(
    conn: Any, api: Api, path: str, asked: dict[str, str], reason: str
) -> None:
    book = await filled(conn)
    await set_bases(conn, book, {"amount": "8000"})
    window = {} if path == "/v1/trailing" else {"grain": "month", "from_": "2026-06-01"}
    if asked.get("grain") == "hour":
        window["from_"] = "2026-06-01T00:00"
    answer = await api.get(path, **{**window, **asked})
    rows = answer.get("rows") or [row for part in answer["windows"] for row in part["rows"]]
    assert rows and {row["copq_share"] for row in rows} == {None}
    assert all(row["copq_share_reason"].startswith(reason) for row in rows)


async def test_the_share_of_all_cost_of_quality(conn: Any, api: Api) -> None:
    await filled(conn)
    found = await shares(api, by="plant", base="CoQ")
    assert found["north", "2026-06-01"] == ("900", "0.888888889", None)
    windows = (await api.get("/v1/trailing", base="CoQ", by="plant"))["windows"]
    assert [row["copq_share"] for row in windows[2]["rows"]] == ["0.888888889"] * 2


async def test_a_base_that_is_not_known_is_refused(conn: Any, api: Api) -> None:
    await filled(conn)
    for path in ("/v1/copq", "/v1/trailing"):
        for kind in ("json", "csv"):
            answer = await api.get(path, 422, base="revenue", format=kind)
            assert answer["detail"] == '"revenue" is none of cost of production, CoQ'
        answer = await api.get(path, 422, base="CoQ,cost of production")
        assert answer["detail"] == "name one base: CoQ, cost of production"
