"""`/v1/copq`, `/v1/trailing` and `/v1/drivers`: what they answer, and to whom."""

from decimal import Decimal
from typing import Any

import pytest

from copq.rates.store import import_rates
from tests.support.building import book, defect, event, plant, post_events, production, rates, stop
from tests.support.reporting.api.asking import Api, RoleDoor, assert_is_problem

DAY = "2026-06-29"
PATHS = ("/v1/copq", "/v1/trailing", "/v1/drivers", "/v1/periods", "/v1/entries")


async def filled(conn: Any) -> None:
    """A line with production, rejects and a stop; a line with rejects alone; a day later more."""
    await import_rates(conn, rates(plant(lines=("L1", "L2"))), "test", "test")
    events = [
        production("p1", f"{DAY}T10:00:00+02:00", 100),
        defect("d1", f"{DAY}T10:05:00+02:00", 3, defect_code="burr"),
        stop("s1", f"{DAY}T11:10:00+02:00", f"{DAY}T11:25:00+02:00", defect_code="jam"),
        defect("d2", f"{DAY}T12:05:00+02:00", 2, line="L2"),
        defect("d3", "2026-06-30T13:30:00+02:00", 1),
    ]
    await post_events(conn, book(plant(lines=("L1", "L2"))), events)


async def test_copq_by_day_and_line_is_a_row_each(conn: Any, api: Api) -> None:
    await filled(conn)
    said = await api.get("/v1/copq", by="line", plant="north", from_=DAY, to="2026-06-30")
    first, second = said["rows"]
    assert (first["line"], first["copq"], first["base"], first["copq_share"]) == (
        "L1", "60", "1000", "0.06"
    )  # fmt: skip
    assert first["from"] == DAY and first["currency"] == "EUR"
    assert second["copq"] == "20" and "estimate" in said["basis"]


async def test_without_a_base_the_share_is_null_and_says_why(conn: Any, api: Api) -> None:
    await filled(conn)
    said = await api.get("/v1/copq", by="line", line="L2", from_=DAY)
    [row] = said["rows"]
    assert row["copq_share"] is None and "nothing was produced" in row["copq_share_reason"]


async def test_currencies_are_never_added(conn: Any, api: Api) -> None:
    sites = plant(), plant("south", "America/Chicago", currency="USD")
    await import_rates(conn, rates(*sites), "test", "test")
    events = [
        defect("d1", f"{DAY}T10:05:00+02:00", 5),
        defect("d2", f"{DAY}T10:05:00+02:00", 7, plant="south"),
    ]
    await post_events(conn, book(*sites), events)
    said = await api.get("/v1/copq", grain="month", by="")
    assert {row["currency"]: row["copq"] for row in said["rows"]} == {"EUR": "50", "USD": "70"}
    totals = (await api.get("/v1/entries"))["totals"]
    assert {total["currency"]: total["net"] for total in totals} == {"EUR": "50", "USD": "70"}


async def test_csv_says_what_json_says(conn: Any, api: Api) -> None:
    await filled(conn)
    asked = {"by": "line,element", "plant": "north", "from_": DAY}
    rows = (await api.get("/v1/copq", **asked))["rows"]
    for_sheets = await api.csv("/v1/copq", **asked)
    names = ("from", "line", "element", "copq", "base", "currency")
    assert [[r[n] for n in names] for r in for_sheets] == [[r[n] for n in names] for r in rows]
    assert len(rows) == 4


async def test_format_in_the_address_wins_over_the_header(conn: Any, api: Api) -> None:
    await filled(conn)
    assert (await api.client.get("/v1/copq?format=csv")).text.startswith("from,plant,line,")
    json = await api.client.get("/v1/copq?format=json", headers={"accept": "text/csv"})
    assert json.json()["rows"]


async def test_trailing_windows_end_now(conn: Any, api: Api) -> None:
    await filled(conn)
    said = await api.get("/v1/trailing", plant="north", by="")
    by_window = {w["window"]: w["rows"] for w in said["windows"]}
    assert [row["copq"] for row in by_window["1 h"]] == ["10"]
    assert [row["copq"] for row in by_window["30 d"]] == ["90"]
    rows = await api.csv("/v1/trailing", plant="north", by="line")
    assert [(r["window"], r["line"], r["copq"]) for r in rows][:2] == [
        ("1 h", "L1", "10"), ("24 h", "L1", "10"),
    ]  # fmt: skip


async def test_drivers_come_dearest_first(conn: Any, api: Api) -> None:
    await filled(conn)
    said = await api.get("/v1/drivers", plant="north", from_=DAY, to="2026-06-30")
    # At 30 each, in the order of the elements' names; the last has its share of all 80.
    assert [(r["element"], r["defect_code"], r["net"]) for r in said["rows"]] == [
        ("defect", "burr", "30"), ("downtime", "jam", "30"), ("defect", None, "20"),
    ]  # fmt: skip
    assert Decimal(said["rows"][-1]["cumulative_share"]) == 1
    everywhere = await api.get("/v1/drivers", from_=DAY, to="2026-06-30")
    assert everywhere["rows"] == said["rows"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"plant": "nrth"}, 'plant "nrth" is not in the rate book; its plants: north'),
        (
            {"plant": "north", "line": "L7"},
            'line "L7" is not in plant "north"; its lines are L1, L2',
        ),
        ({"product": "gadget"}, 'product "gadget" has neither a cost table nor figures'),
        ({"by": "machine"}, '"machine" is none of plant, line, product, group, element, category'),
        ({"from_": "yesterday"}, '"yesterday" is not a date: write it as 2026-03-01'),
    ],
)
async def test_a_question_that_makes_no_sense_says_what_to_ask(
    conn: Any, api: Api, asked: dict[str, str], said: str
) -> None:
    await filled(conn)
    answer = await api.get("/v1/copq", 422, **asked)
    assert said in answer["detail"]


async def test_a_line_that_no_rate_file_names_is_known_by_its_figures(conn: Any, api: Api) -> None:
    await import_rates(conn, rates(), "test", "test")
    more = event("warranty", "w", occurred_at=f"{DAY}T10:00:00+02:00", line="L9", out_of_pocket=7)
    await post_events(conn, book(), [more])
    assert (await api.get("/v1/copq", plant="north", line="L9"))["rows"]
    answer = await api.get("/v1/copq", 422, plant="north", line="L7")
    assert answer["detail"] == 'line "L7" is not in plant "north"; its lines are L9'


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("token", "status"),
    [("manager", 200), ("finance", 200), ("operator", 403), ("admin", 403), (None, 401)],
)
async def test_results_are_for_managers_and_finance(
    conn: Any, api: Api, path: str, token: str | None, status: int
) -> None:
    await filled(conn)
    api.door = RoleDoor()
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = await api.client.get(path, headers=headers)
    assert answer.status_code == status
    if status != 200:
        assert_is_problem(answer, answer.status_code)
