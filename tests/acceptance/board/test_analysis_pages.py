"""The pages next to the board in a real browser: on a laptop, on a phone, and on paper."""

import asyncpg
import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.support.board.accessible import is_accessible
from tests.support.board.plant import Plant, made, reject, stop
from tests.support.board.printed import A4, printed
from tests.support.board.screenshots import keep
from tests.support.board.watched import PATIENCE_MS, Watched
from tests.support.portfolio import bridge, claim, realised, with_evidence
from tests.support.projects import item, propose

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)
LAPTOP, PHONE = ViewportSize(width=1366, height=768), ViewportSize(width=390, height=844)
PAGES = {
    "report": ("report?plant=north&by=line", "CoQ: prevention"),
    "why": ("why?plant=north&weeks=1", "What explains it"),
    "problems": ("problems?plant=north", "burr"),
    "what-if": ("what-if?plant=north&change=halve+code=burr", "Entries that would"),
    "planner": ("planner?savings=1000000&currency=EUR", "break-even in period 2"),
    "projects": ("projects?plant=north", "Waiting for finance"),
    "project": ("projects/north/caps", "Hatched: forecast"),
}


async def fits(page: Page) -> bool:
    """Nothing reaches past the side of the screen."""
    found: bool = await page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    return found


def _letters(text: str) -> str:
    """Without blanks, which a PDF does not have."""
    return "".join(text.split())


async def _project(plant: Plant) -> None:
    """A project whose saving wears off: two months of it are measured, one is claimed."""
    conn = await asyncpg.connect(plant.database)
    await propose(conn, item())
    project = await realised(conn)
    await with_evidence(conn, project)
    for month, saved in (("2026-05", 90), ("2026-06", 110)):
        await bridge(conn, project, month, saved, saved, volume=40)
    await claim(conn, project, "2026-05", 80)
    await conn.close()


async def test_every_page_works_on_a_laptop_a_phone_and_paper(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    await plant.send(made("p", 3), reject("d", 2, 3), stop("s", 9, until=6))
    await _project(plant)
    page = await window.open("?plant=north")
    places = page.get_by_role("navigation", name="Pages")
    report = places.get_by_role("link", name="Report")
    await expect(report).to_have_attribute("href", f"{plant.url}/report?plant=north")
    await report.click()
    await page.wait_for_url("**/report?plant=north")
    for name, (path, words) in PAGES.items():
        await page.goto(f"{plant.url}/{path}")
        await expect(page.get_by_text(words).first).to_be_visible()
        for place in await page.locator("[data-plot] canvas").all():
            await expect(place).to_be_visible()
        for size, screen in (("laptop", LAPTOP), ("phone", PHONE)):
            await page.set_viewport_size(screen)
            assert await fits(page), (name, size)
            await keep(page, f"{name}-{size}")
        await is_accessible(page, f"{name}-phone")
        await page.emulate_media(color_scheme="light", reduced_motion=None)
        await page.set_viewport_size(LAPTOP)
        paper = await printed(page, f"paper-{name}")
        assert set(paper.sizes) == {A4}
        assert _letters(words) in _letters(paper.text), name
        assert "asJSON" not in _letters(paper.text), name


async def test_a_figure_opens_its_entries_on_the_page_and_back_closes_them(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    await plant.send(made("p", 3), reject("d", 2, 3))
    page = await window.open("report?plant=north")
    dialog = page.get_by_role("dialog")
    await page.locator(".tile .figure a").first.press("Enter")
    await expect(dialog.locator(".sum strong")).to_have_text("19.06 EUR")
    await dialog.get_by_role("link", name="rejects · S2 · burr").click()
    await expect(dialog.locator("pre")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert page.url == f"{plant.url}/report?plant=north"


async def test_the_board_leads_from_a_figure_to_what_explains_it(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    await plant.send(made("p", 3), reject("d", 2, 3), made("q", 26 * 60), reject("e", 26 * 60, 1))
    page = await window.open("?plant=north")
    await expect(page.locator("#why-today")).to_contain_text("expected by the 4 weeks before")
    await page.get_by_role("link", name="Why: Today so far").click()
    await page.wait_for_url("**/why?plant=north&from=*&weeks=4")
    await expect(page.get_by_text("Losses changed by")).to_be_visible()
    await page.get_by_role("combobox", name="Plant").select_option("south")
    await expect(page.get_by_text("Nothing was booked yet for this selection")).to_be_visible()
