"""The company page in a real browser: three plants, two of them with a rate."""

import json
import re
from datetime import date
from decimal import Decimal

import asyncpg
import httpx
import pytest
from playwright.async_api import ViewportSize, expect

from copq.ledger.money import money
from copq.posting.post import prepare
from copq.rates.store import import_rates, load
from tests.support.board.accessible import is_accessible
from tests.support.board.plant import Plant
from tests.support.board.screenshots import keep
from tests.support.board.watched import PATIENCE_MS, Watched
from tests.support.building import defect, post_events, production, rates
from tests.support.building import plant as site
from tests.support.currencies.site import SEK, publish, three_plants

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)
LAPTOP, PHONE = ViewportSize(width=1366, height=768), ViewportSize(width=390, height=844)


async def _events(database: str) -> None:
    conn = await asyncpg.connect(database)
    await three_plants(conn)
    kiruna = rates(site("kiruna", "Europe/Stockholm", currency="SEK"))
    await import_rates(conn, kiruna, "kiruna.yaml", "test")
    book = await load(conn)
    days = ("2026-02-10", "2026-03-02")
    await publish(conn, *(("SEK", date.fromisoformat(day), SEK) for day in days))
    events = [
        event
        for place, units in (("north", 9), ("gavle", 60), ("osaka", 500))
        for day in days
        for event in (
            defect(f"{place}{day}", f"{day}T10:00:00+01:00", units, plant=place),
            production(f"{place}{day}p", f"{day}T10:00:00+01:00", 4000, plant=place),
        )
    ]
    await prepare(conn)
    await post_events(conn, book, events)
    await conn.close()


async def test_the_company_shows_the_figures_of_the_api_and_opens_a_board(
    plant: Plant, window: Watched
) -> None:
    await _events(plant.database)
    async with httpx.AsyncClient(verify=False, trust_env=False, timeout=60) as client:
        said = json.loads((await client.get(f"{plant.url}/v1/company?month=2026-03")).text)
    page = await window.open("?plant=gavle")
    places = page.get_by_role("navigation", name="Pages")
    await places.get_by_role("link", name="Company").click()
    await page.wait_for_url("**/company")
    await page.goto(f"{plant.url}/company?month=2026-03")
    total = Decimal(said["total"]["copq"])
    await expect(page.locator(".tile .figure")).to_have_text(f"{money(total, 'EUR')} EUR")
    for row in (row for row in said["plants"] if row["own"]):
        shown = page.get_by_role("row", name=re.compile(f"^{row['plant']}"))
        title = shown.locator("td").first
        if row["copq"] is not None:
            figure = (await title.get_attribute("title") or "").split()[0].replace(",", "")
            assert Decimal(figure) == Decimal(row["copq"])
        own = row["own"][0]
        words = f"{money(Decimal(own['own_copq']), own['own_currency'])} {own['own_currency']}"
        await expect(shown).to_contain_text(words)
    await expect(page.get_by_text("osaka: 5,000 JPY; 2 entries without")).to_be_visible()
    for size, screen in (("laptop", LAPTOP), ("phone", PHONE)):
        await page.set_viewport_size(screen)
        fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert await page.evaluate(fits), size
        await keep(page, f"company-{size}")
        await is_accessible(page, f"company-{size}")
        await page.emulate_media(color_scheme="light", reduced_motion=None)
    await page.set_viewport_size(LAPTOP)
    await page.get_by_role("table").get_by_role("link", name="gavle").click()
    await page.wait_for_url("**/?plant=gavle&day=2026-03-31")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("gavle")
    await page.goto(f"{plant.url}/?plant=gavle&line=L1&day=2026-03-02&span=month")
    await page.get_by_role("combobox", name="Plant").select_option("north")
    await page.wait_for_url("**/?plant=north&line=L1&day=2026-03-02&span=month")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("north, line L1")
    pack = places.get_by_role("link", name="Review pack")
    await expect(pack).to_have_attribute("href", f"{plant.url}/pack?plant=north")
    await places.get_by_role("link", name="Problems").click()
    await page.wait_for_url("**/problems?plant=north&line=L1")
    await page.get_by_label("Month").fill("2026-03")
    await page.get_by_role("combobox", name="Plant").select_option("gavle")
    await page.wait_for_url(re.compile(r"/problems\?plant=gavle&line=L1&.*month=2026-03"))
    await page.get_by_role("combobox", name="Plant").select_option("kiruna")
    await page.wait_for_url(re.compile(r"/problems\?plant=kiruna&line=&.*month=2026-03"))
    await expect(page.get_by_text("This question has no answer")).to_have_count(0)
    await page.goto(f"{plant.url}/finance/months")
    frame = page.get_by_role("form", name="Plant")
    await frame.get_by_role("combobox", name="Plant").select_option("gavle")
    await frame.get_by_role("button", name="Show").click()
    await page.wait_for_url("**/finance/months?plant=gavle")
    rows = page.get_by_role("region", name="Table: months")
    await expect(rows.get_by_text("north")).to_have_count(0)
    await expect(rows.get_by_text("gavle")).to_have_count(2)
    await page.get_by_role("navigation", name="Finance").get_by_role("link", name="Targets").click()
    await page.wait_for_url("**/finance/targets?plant=gavle")
    for size, screen in (("laptop", LAPTOP), ("phone", PHONE)):
        await page.set_viewport_size(screen)
        await is_accessible(page, f"desk-plant-{size}")
