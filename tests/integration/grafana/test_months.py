"""What the controller sees change, against figures taken by other means."""

from decimal import Decimal
from typing import Any

import pytest

from copq.database.queries import Queries
from copq.figures.basis import As
from deploy.grafana import generate
from tests.integration.reporting.api.test_coq import filled as coq_filled
from tests.integration.reporting.api.test_coq import set_bases
from tests.support.building import defect, event, post_events, stop
from tests.support.grafana.filling import Chosen, panel
from tests.support.periods.building import FEB, IN_FEB, IN_JAN, JAN, copq, filled, shut, voiding

RESTATED = "cost-of-quality: What changed since $month was first reported, booked ($currency)"
MONTHS = "cost-of-quality: What changed from the month before to $month, booked ($currency)"


async def steps(conn: Any, title: str, month: str) -> list[Any]:
    [target] = panel(title)["targets"]
    return list(await conn.fetch(Chosen(month=month).sql(target["rawSql"])))


def hang_together(rows: list[Any]) -> None:
    """Each step hangs where the one before it ended, and the last ends at the last sum."""
    first, *between, last = rows
    reached = first["sum"]
    for row in between:
        more, less = row["more"] or 0, row["less"] or 0
        assert row["below"] == reached - less
        reached += more - less
    assert reached == last["sum"]
    assert first["below"] is last["below"] is None


@pytest.mark.parametrize("title", [RESTATED, MONTHS])
async def test_a_waterfall_leads_from_one_sum_to_the_other(conn: Any, title: str) -> None:
    book = await filled(conn)
    claim = event("warranty", "w1", occurred_at=IN_JAN, out_of_pocket=7)
    stood = stop("s1", IN_JAN, IN_JAN.replace("T12:00", "T12:40"))
    january = [defect("d1", IN_JAN, 9), claim, stood]
    await post_events(conn, book, january)
    await shut(conn, JAN)
    late = [defect("d2", IN_JAN, 4), voiding("v1", "s1", IN_FEB), defect("d3", IN_FEB, 2)]
    await post_events(conn, book, late)
    rows = await steps(conn, title, JAN if title == RESTATED else FEB)
    hang_together(rows)
    ends = [rows[0]["sum"], rows[-1]["sum"]]
    if title == RESTATED:
        expected = [await copq(conn, JAN, As.FIRST_REPORTED), await copq(conn, JAN)]
    else:
        expected = [await copq(conn, JAN), await copq(conn, FEB)]
    assert ends == expected
    assert ends[0] != ends[1]


async def test_the_smaller_steps_of_many_stand_together(conn: Any) -> None:
    await filled(conn)
    made = " union all ".join(
        f"select 'e{n}' as element, 100 as before, {100 + (n if n % 2 else -n)} as after"
        for n in range(1, 13)
    )
    queries = Queries.of(generate.__file__).placing(figures=made, before="'old'", after="'new'")
    rows = list(await conn.fetch(Chosen().sql(queries.waterfall.text)))
    hang_together(rows)
    assert [row["step"] for row in rows[1:3]] == ["e12", "e11"]
    assert rows[-2]["step"] == "all others"
    assert len(rows) == 11
    assert rows[-1]["sum"] == 1200 + sum(n if n % 2 else -n for n in range(1, 13))


async def test_categories_stack_up_to_the_cost_of_quality_of_each_month(conn: Any) -> None:
    book = await filled(conn)
    inspection = event("inspection", "i1", occurred_at=IN_JAN, minutes=15)
    await post_events(conn, book, [defect("d1", IN_JAN, 9), inspection, defect("d2", IN_FEB, 2)])
    [target] = panel("cost-of-quality: Categories by month, booked ($currency)")["targets"]
    sql = target["rawSql"].replace("now() - interval '13 months'", "'2025-12-01'")
    january, february = await conn.fetch(Chosen().sql(sql))
    assert (january["month"], february["month"]) == (JAN, FEB)
    assert january["internal failure"] == Decimal(90)
    assert january["appraisal"] == Decimal(15)
    assert february["internal failure"] == Decimal(20)
    assert february["appraisal"] is None


async def test_months_over_the_bases_that_count(conn: Any) -> None:
    book = await coq_filled(conn)
    await set_bases(conn, book, {"amount": "8000"}, {"amount": "5", "base": "gone"})
    await set_bases(conn, book, {"amount": "3200"}, {"amount": None, "base": "gone"})
    [row] = await steps(conn, "cost-of-quality: Months over imported bases, booked", JAN)
    assert (row["month"], row["plant"], row["base"], row["amount"]) == (
        "2026-06", "north", "revenue", 3200,
    )  # fmt: skip
    assert row["COPQ over it"] == Decimal("0.25")
    assert row["cost of quality over it"] == Decimal("0.28125") and row["restated"]
