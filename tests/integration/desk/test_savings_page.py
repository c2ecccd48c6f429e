"""Savings by form: claimed by the owner, decided by another person of finance, each claim once."""

from datetime import date
from typing import Any

from copq.improvement.projects.plan import BenefitType
from copq.improvement.projects.states import Step
from copq.projects.order import Order
from copq.projects.savings import Verdict, claim, validate
from copq.projects.steps import take
from tests.support.desk.asking import desk_client
from tests.support.desk.browsing import ADA, Browser
from tests.support.periods.building import shut
from tests.support.projects import CARLA, OLGA, add_month, approved, with_ledger

JAN, FEB = date(2026, 1, 1), date(2026, 2, 1)


async def test_finance_decides_about_claims_of_closed_months(conn: Any, database: str) -> None:
    await with_ledger(conn)
    await approved(conn)
    one = await take(conn, "north", "caps", Step.START, Order(OLGA))
    for month in (JAN, FEB):
        await add_month(conn, one, month, 80)
        await claim(conn, "north", "caps", month, BenefitType.HARD, None, Order(OLGA))
    await shut(conn, "2026-01")
    async with desk_client(database) as desk:
        ada = Browser(desk.client, ADA)
        assert "savings to validate" in await ada.open("/finance")
        page = await ada.open("/finance/savings")
        assert "80.00 EUR" in page and "close it</a> first" in page
        first = page.index('name="version"')
        version = page[first:].split('value="')[1].split('"')[0]
        form: dict[str, Any] = {
            "plant": "north", "project": "caps", "month": "2026-01", "type": "hard",
            "version": version, "key": "k",
        }  # fmt: skip
        noted = await ada.send("/finance/savings", 409, **form, decision="reduce", amount="50")
        assert "Say why you reduce it" in noted and 'value="50"' in noted
        words = await ada.send("/finance/savings", 409, **form, decision="reduce", amount="much")
        assert "is not an amount" in words
        for _ in range(2):  # a double click
            done = await ada.send(
                "/finance/savings", **form, decision="reduce", amount="50", why="less scrap",
                in_budget="20",
            )  # fmt: skip
        assert "Reduced." in done and "January" not in done
        again = {**form, "key": "other"}
        gone = await ada.send("/finance/savings", 409, **again, decision="accept")
        assert "look at the page again" in gone
        owner = Browser(desk.client, {"Authorization": "Bearer finance:olga"})
        await owner.open("/finance/savings")
    found = await conn.fetchrow("select decision, amount, in_budget from copq.project_validation")
    assert (found["decision"], found["amount"], found["in_budget"]) == ("reduced", 50, 20)


async def test_finance_lowers_what_is_validated_too_high(conn: Any, database: str) -> None:
    await with_ledger(conn)
    await approved(conn)
    one = await take(conn, "north", "caps", Step.START, Order(OLGA))
    await add_month(conn, one, JAN, 80)
    await claim(conn, "north", "caps", JAN, BenefitType.HARD, None, Order(OLGA))
    await shut(conn, "2026-01")
    accepted = Verdict("accept")
    await validate(conn, "north", "caps", JAN, BenefitType.HARD, accepted, Order(CARLA))
    async with desk_client(database) as desk:
        ada = Browser(desk.client, ADA)
        assert "Validated too much" not in await ada.open("/finance/savings")
        await add_month(conn, one, JAN, 30)
        assert "saving validated too high" in await ada.open("/finance")
        page = await ada.open("/finance/savings")
        assert "80.00 EUR" in page and "saves 30.00 EUR in all now" in page
        before = ada.page
        high = await ada.send("/finance/savings", 409, decision="reduce", amount="50", why="less")
        assert "validate at most 30.00" in high and 'value="50"' in high
        for _ in range(2):  # a double click
            ada.page = before
            done = await ada.send(
                "/finance/savings", decision="reduce", amount="30", why="less scrap"
            )
        assert "Reduced." in done and "Validated too much" not in done
        ada.page = before
        stale = await ada.send("/finance/savings", 412, key="k", decision="reject", why="late")
        assert "read it again" in stale
    amounts = await conn.fetch("select amount from copq.project_validation order by number")
    assert [row["amount"] for row in amounts] == [80, 30]
