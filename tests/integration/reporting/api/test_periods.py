"""`/v1/periods`, and `/v1/copq` as first reported and as of an instant."""

from datetime import UTC, datetime, timedelta
from typing import Any

from copq.rates.store import load
from tests.support.building import defect, post_events
from tests.support.periods.building import IN_FEB, IN_JAN, filled, shut
from tests.support.reporting.api.asking import Api


async def restated(conn: Any) -> Any:
    """January closed at 50, with 10 more since; answers when it was closed, or a bit later."""
    book = await filled(conn)
    await post_events(conn, book, [defect("j", IN_JAN, 5), defect("f", IN_FEB, 2)])
    await shut(conn, "2026-01")
    closed = await conn.fetchval("select clock_timestamp()")
    await post_events(conn, book, [defect("late", IN_JAN, 1)])
    return closed


async def test_periods_are_listed_with_both_figures(conn: Any, api: Api) -> None:
    await restated(conn)
    said = await api.get("/v1/periods", plant="north")
    february, january = said["rows"]
    assert (february["month"], february["state"], february["first_reported"]) == (
        "2026-02", "open", None
    )  # fmt: skip
    assert (january["state"], january["first_reported"], january["restated"]) == (
        "closed", "50", "60"
    )  # fmt: skip
    assert january["booked_in"] == "2026-02" and "estimate" in said["basis"]
    sums = [(row["booked"], row["late"], row["signed"]) for row in (february, january)]
    assert sums == [("30", "10", False), ("50", "0", True)]
    [only] = (await api.get("/v1/periods", month="2026-01"))["rows"]
    assert only == january
    rows = await api.csv("/v1/periods")
    assert [(r["month"], r["difference"]) for r in rows] == [("2026-02", ""), ("2026-01", "10")]


async def test_an_open_month_with_late_entries_alone_is_listed(conn: Any, api: Api) -> None:
    await restated(conn)
    await shut(conn, "2026-02")
    await post_events(conn, await load(conn), [defect("later", IN_JAN, 2)])
    march, *_ = (await api.get("/v1/periods"))["rows"]
    assert (march["month"], march["state"], march["currency"]) == ("2026-03", "open", "EUR")
    assert (march["restated"], march["booked"], march["late"]) == ("0", "20", "20")
    assert (march["first_reported"], march["signed"]) == (None, False)
    [row] = await api.csv("/v1/periods", month="2026-03")
    assert (row["booked"], row["signed"]) == ("20", "False")


async def test_an_answer_says_which_figures_it_has(conn: Any, api: Api) -> None:
    closed = (await restated(conn)).isoformat()
    api.now = datetime.now(UTC) + timedelta(minutes=1)
    asked = {"grain": "month", "from_": "2026-01", "by": ""}
    for more, named, reported, figures in (
        ({}, "restated", "as restated", ["60", "20"]),
        ({"as": "first-reported"}, "first-reported", "as first reported", ["50", "20"]),
        ({"as_of": closed}, "as-of", "the ledger as of", ["50", "20"]),
    ):
        said = await api.get("/v1/copq", **asked, **more)
        assert said["as"] == named and said["reported"].startswith(reported)
        assert (said["as_of"] is not None) == (named == "as-of")
        assert [row["copq"] for row in said["rows"]] == figures
        rows = await api.csv("/v1/copq", **asked, **more)
        assert {row["reported"] for row in rows} == {said["reported"]}
    flags = [
        r["flags"] for r in (await api.get("/v1/copq", **asked, **{"as": "first-reported"}))["rows"]
    ]
    assert flags == [[], ["as of now, not closed yet in north"]]


async def test_questions_that_make_no_sense_are_refused(api: Api) -> None:
    for question, said in (
        ("/v1/copq?as=guessed", "restated"),
        ("/v1/copq?as_of=2126-01-01", "as_of is in the future"),
        ("/v1/copq?as=first-reported&as_of=2026-01-01", "leave out as or as_of"),
        ("/v1/copq?as_of=yesterday", "is not a date"),
        ("/v1/periods?month=2026-1x", "is not a month"),
    ):
        answer = await api.client.get(question)
        assert answer.status_code == 422 and said in answer.text
