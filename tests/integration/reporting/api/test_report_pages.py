"""A report of any length: page by page, all of it as CSV, and its total over everything."""

from decimal import Decimal
from typing import Any

import pytest

from copq.figures.pages import report_part
from copq.figures.report import ReportQuery
from copq.rates.store import import_rates
from tests.support.building import book, defect, post_events, production, rates, stop
from tests.support.reporting.api.asking import NOW, Api

DAYS = ("2026-06-01T10:00:00Z", "2026-06-02T10:00:00Z", "2026-06-03T10:00:00Z")
JUNE = {"from_": "2026-06-01", "to": "2026-07-01"}


@pytest.fixture
async def filled(conn: Any, api: Api) -> Api:
    """Seven lines on three days, each with base; an open stop on L1."""
    await import_rates(conn, rates(), "test", "test")
    events = [stop("open", "2026-06-30T11:00:00Z")]
    for day, at in enumerate(DAYS):
        for n in range(7):
            line = {"line": f"L{n}"}
            events += [defect(f"d{day}-{n}", at, n + 1, **line)]
            events += [production(f"p{day}-{n}", at, 100, **line)]
    await post_events(conn, book(), events)
    return api


async def pages(api: Api, limit: int, **asked: Any) -> tuple[list[Any], list[Any]]:
    """All rows of all pages, and what each page says of the whole."""
    rows, totals, cursor = [], [], None
    while True:
        more: dict[str, str] = {"cursor": cursor} if cursor else {}
        said = await api.get("/v1/copq", limit=limit, **more, **asked, **JUNE)
        assert len(said["rows"]) <= limit
        rows += said["rows"]
        totals.append(said["totals"])
        cursor = said["next"]
        if cursor is None:
            return rows, totals


@pytest.mark.parametrize("grain", ["hour", "day", "month"])
@pytest.mark.parametrize("by", ["plant,line", "element,line", "line,category,product", ""])
async def test_pages_are_the_whole_report_and_each_has_the_total(
    filled: Api, by: str, grain: str
) -> None:
    [whole, [total]] = await pages(filled, 10_000, by=by, grain=grain)
    for limit in (1, 4):
        rows, totals = await pages(filled, limit, by=by, grain=grain)
        assert rows == whole
        assert all(found == total for found in totals)
    assert sum(Decimal(row["copq"]) for row in whole) == Decimal(total[0]["copq"])
    # 3 days of 10 x (1 + ... + 7), and an hour of standstill at 2 a minute.
    assert (total[0]["copq"], total[0]["base"]) == ("960", "21000")


async def test_csv_has_every_row_unless_a_limit_is_named(filled: Api) -> None:
    whole, _ = await pages(filled, 10_000)
    for limit, number in (({}, len(whole)), ({"limit": 5}, 5)):
        rows = await filled.csv("/v1/copq", **limit, **JUNE)
        assert [row["line"] for row in rows] == [row["line"] for row in whole][:number]


@pytest.mark.parametrize("cursor", ["x", "bm8=", "WyIyMDI2IiwgW10sIDBd"])
async def test_a_cursor_that_is_not_ours_is_refused(filled: Api, cursor: str) -> None:
    answer = await filled.client.get("/v1/copq", params={"cursor": cursor})
    assert answer.status_code == 422 and "next" in answer.text


async def test_a_part_counts_all_rows(conn: Any, filled: Api) -> None:
    part = await report_part(conn, book(), ReportQuery(), NOW, 5)
    assert (len(part.rows), part.rows_total, part.totals[0].copq) == (5, 22, 960)
