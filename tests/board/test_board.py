"""The board in a real Chromium, while events arrive over HTTP."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.board.conftest import PATIENCE_MS, Watched, keep
from tests.board.plant import ANOTHER_PLANT, Plant, made, reject

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE_MS)


async def test_from_an_empty_board_down_to_an_entry(plant: Plant, window: Watched) -> None:
    page = await window.open()
    await expect(page.get_by_text("Two steps to your first figure")).to_be_visible()
    await expect(page.locator("pre").nth(1)).to_contain_text(f"curl {plant.url}/v1/events")
    plant.import_rates()
    await expect(page.get_by_text("Nothing is booked this month")).to_be_visible()
    await plant.send(made("p1", 0.2), reject("d1", 0.1, 3))
    today = page.get_by_role("region", name="Today so far")
    await expect(today).to_contain_text("19.06 EUR")
    await today.get_by_role("link").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("19.06 EUR in 1 entry that stand")
    formula = "3 pcs × 9.39 = 28.17; recovered 3 × 0.60 × 5.06 = 9.11; net 19.06"
    await expect(dialog).to_contain_text(formula)
    await dialog.get_by_role("link", name="rejects · S2 · burr").click()
    await expect(dialog.locator("pre")).to_contain_text('"event_id": "d1"')
    for said in (formula, "comes out as booked", "rate version 1", "Booked"):
        await expect(dialog).to_contain_text(said)
    copied = await window.open(page.url.removeprefix(plant.url + "/"))
    await expect(copied.get_by_role("dialog")).to_contain_text(formula)
    await page.go_back()
    await expect(dialog).to_contain_text("in 1 entry that stand")
    await page.go_back()
    await expect(dialog).to_be_hidden()


async def test_figures_change_by_themselves_and_the_page_does_not_jump(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    await plant.work()
    page = await window.open()
    lines = page.get_by_role("region", name="Lines, dearest first")
    link = lines.get_by_role("link", name="L1", exact=True)
    await link.focus()
    await page.evaluate("scrollTo(0, 300)")
    ticked = await page.locator(".clock").inner_text()
    await plant.send(reject("new", 0.05, 1000))
    await expect(page.get_by_role("region", name="Latest priced, EUR")).to_contain_text("6,354.00")
    await expect(page.locator(".clock")).not_to_have_text(ticked)
    assert await page.evaluate("scrollY") == 300
    await expect(link).to_be_focused()
    await keep(page, "live")


async def test_another_plant_that_sends_something_does_not_take_the_page_over(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    plant.import_rates(ANOTHER_PLANT)
    await plant.send(made("p1", 0.2))
    page = await window.open("?line=L1")
    await expect(page).to_have_url(f"{plant.url}/?plant=north&line=L1")
    await plant.send(made("s1", 0.01, plant="south", line="L9"))
    other = await window.open()
    await expect(other.get_by_role("heading", name="COPQ south")).to_be_visible()
    await plant.send(made("p2", 0.01, 7777))
    await expect(page.get_by_role("region", name="Today so far")).to_contain_text("73,777")
    await expect(page.get_by_role("heading", name="COPQ north, line L1")).to_be_visible()
    missing = await window.open("?plant=south&line=L2")
    await expect(missing.get_by_text("its lines are L1, L9")).to_be_visible()


async def test_a_dead_service_is_told_and_its_return_is_seen(plant: Plant, window: Watched) -> None:
    plant.import_rates()
    await plant.work()
    page = await window.open()
    await expect(page.get_by_role("region", name="Today so far")).to_be_visible()
    plant.service.kill()
    told = page.locator("#connection")
    await expect(told).to_contain_text("Not live since")
    await expect(told).to_contain_text("the service does not answer")
    await keep(page, "not-live")
    await plant.start()
    await expect(told).to_be_empty()
    await plant.send(reject("back", 0.05, 2000))
    await expect(page.get_by_role("region", name="Latest priced, EUR")).to_contain_text("12,708.00")


async def test_a_view_by_keyboard_alone(plant: Plant, window: Watched) -> None:
    plant.import_rates()
    await plant.work()
    page = await window.open("?plant=north&line=L1")
    await expect(page.get_by_role("heading", name="COPQ north, line L1")).to_be_visible()
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.closest('.tile') !== null"):
            break
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("that stand")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await page.get_by_role("combobox", name="Line").select_option("")
    await expect(page).to_have_url(f"{plant.url}/?plant=north")
    await page.get_by_role("link", name="The day before").press("Enter")
    await expect(page.get_by_text("Past day")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()


async def test_a_line_that_is_not_there_is_told_with_those_that_are(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    page = await window.open("?plant=north&line=L7")
    await expect(page.get_by_text("its lines are L1, L2")).to_be_visible()


SIZES = {"wall": (1920, 1080), "laptop": (1366, 768), "phone": (390, 844)}


async def test_it_is_readable_for_all_in_light_and_dark_at_each_size(
    plant: Plant, window: Watched
) -> None:
    """axe-core finds no fault, and nothing reaches beyond the screen's width."""
    plant.import_rates()
    await plant.work()
    page = await window.open()
    await page.emulate_media(reduced_motion="reduce")
    for name, (width, height) in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        await expect(page.locator("#pareto-chart canvas")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await _is_accessible_in_both_schemes(page, name)
        await page.locator(".tile").nth(1).get_by_role("link").click()
        await expect(page.get_by_role("dialog").locator("#entries-body tr").first).to_be_visible()
        await _is_accessible_in_both_schemes(page, f"{name}-entries")
        await page.keyboard.press("Escape")


async def _is_accessible_in_both_schemes(page: Page, name: str) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await keep(page, f"{name}-{scheme}")
        await _is_accessible(page)


async def _is_accessible(page: Page) -> None:
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
