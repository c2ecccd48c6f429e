"""The board in a real Chromium, while events arrive over HTTP."""

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from tests.support.board.accessible import is_accessible
from tests.support.board.plant import Plant, made, reject, stop
from tests.support.board.screenshots import keep
from tests.support.board.watched import PATIENCE_MS, Watched

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)


async def test_from_an_empty_board_down_to_an_entry(plant: Plant, window: Watched) -> None:
    page = await window.open()
    await expect(page.get_by_role("heading", name="Set up your plant")).to_be_visible()
    await expect(page.locator("pre").nth(1)).to_contain_text(f"curl {plant.url}/v1/events")
    for name, (width, height) in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
        await keep(page, f"empty-{name}")
    await page.set_viewport_size({"width": 1366, "height": 768})
    plant.import_rates()
    await expect(page.get_by_text("Nothing is booked this month")).to_be_visible()
    await plant.send(made("p1", 0.2), reject("d1", 0.1, 3))
    today = page.get_by_role("region", name="Today so far", exact=True)
    await expect(today).to_contain_text("19.06 EUR")
    await today.get_by_role("link").first.click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("19.06 EUR from 1 entry")
    formula = "3 pcs × 9.39 = 28.17; recovered 3 × 0.60 × 5.06 = 9.11; net 19.06"
    await expect(dialog).to_contain_text(formula)
    await dialog.get_by_role("link", name="rejects · S2 · burr").click()
    await expect(dialog.locator("pre")).to_contain_text('"event_id": "d1"')
    for said in (formula, "the same as booked", "version 1", "Booked"):
        await expect(dialog).to_contain_text(said)
    copied = await window.open(page.url.removeprefix(plant.url + "/"))
    await expect(copied.get_by_role("dialog")).to_contain_text(formula)
    await page.go_back()
    await expect(dialog).to_contain_text("from 1 entry")
    await page.go_back()
    await expect(dialog).to_be_hidden()


async def test_figures_change_by_themselves_and_the_page_does_not_jump(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    await plant.work()
    page = await window.open()
    lines = page.get_by_role("region", name="Lines, most expensive first")
    link = lines.get_by_role("link", name="L1", exact=True)
    await link.focus()
    await page.evaluate("scrollTo(0, 300)")
    ticked = await page.locator(".clock").inner_text()
    await plant.send(reject("new", 0.05, 1000))
    await expect(page.get_by_role("region", name="Latest costs in EUR")).to_contain_text("6,354.00")
    await expect(page.locator(".clock")).not_to_have_text(ticked)
    assert await page.evaluate("scrollY") == 300
    await expect(link).to_be_focused()
    await keep(page, "live")


async def test_a_dead_service_is_told_and_its_return_is_seen(plant: Plant, window: Watched) -> None:
    plant.import_rates()
    await plant.work()
    page = await window.open()
    await expect(page.get_by_role("region", name="Today so far", exact=True)).to_be_visible()
    plant.service.kill()
    told = page.locator("#connection")
    await expect(told).to_contain_text(re.compile(r"Not live since \d\d:\d\d:\d\d UTC"))
    await expect(told).to_contain_text("the service does not answer")
    await keep(page, "not-live")
    await plant.start()
    await expect(told).to_be_empty()
    await plant.send(reject("back", 0.05, 2000))
    await expect(page.get_by_role("region", name="Latest costs in EUR")).to_contain_text(
        "12,708.00"
    )


async def test_a_service_that_hangs_is_told_since_its_last_answer_and_nothing_ticks(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    await plant.send(made("p", 3, line="S1"), stop("s", 2, line="S1"))
    page = await window.open()
    clock, connection = page.locator(".clock"), page.locator("#connection")
    await expect(clock).to_be_visible()
    plant.service.freeze()
    await expect(connection).to_contain_text("has taken longer than 10 s to answer")
    said = await connection.inner_text()
    frozen = [await clock.inner_text(), await page.locator("[data-cost]").inner_text()]
    await page.evaluate(THREE_SECONDS_PASS)
    assert [await clock.inner_text(), await page.locator("[data-cost]").inner_text()] == frozen
    since = re.search(r"since (\d\d:\d\d:\d\d) America/New_York", said)
    assert since is not None, said
    shown = datetime.now(ZoneInfo("America/New_York")).replace(tzinfo=None)
    lost = datetime.combine(shown.date(), time.fromisoformat(since[1]))
    lost -= timedelta(days=lost > shown)  # yesterday, shortly after midnight
    assert shown - lost >= timedelta(seconds=10), "as of the last answer, not of losing patience"
    plant.service.thaw()
    await expect(connection).to_be_empty()
    await expect(clock).not_to_have_text(frozen[0])


THREE_SECONDS_PASS = """() => new Promise((passed) => {
  let seconds = 0;
  const timer = setInterval(() => ++seconds === 3 && passed(clearInterval(timer)), 1000);
})"""


async def test_the_page_stays_with_its_plant_when_another_wakes(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    await plant.send(made("p", 3), reject("d", 2, 3))
    page = await window.open()
    await expect(page).to_have_url(f"{plant.url}/?plant=north")
    await plant.send(reject("e", 1, 3, line="S1"), reject("f", 0.1, 1000))
    await expect(page.get_by_role("region", name="Latest costs in EUR")).to_contain_text("6,354.00")
    await expect(page.get_by_role("heading", name="COPQ north")).to_be_visible()


async def test_many_alerts_leave_the_figures_in_sight(plant: Plant, window: Watched) -> None:
    plant.import_rates()
    plant.set_target("0.1%", "south")
    for number in range(1, 9):
        line = f"S{number}"
        await plant.send(made(f"p{line}", 3, line=line), reject(f"d{line}", 2, number, line=line))
    page = await window.open("?plant=south")
    alerts = page.get_by_role("region", name="Alerts")
    await expect(alerts.get_by_text("and 5 more lines with lower costs")).to_be_visible()
    shown = await alerts.locator("li:visible").all_inner_texts()
    assert [re.findall(r"Line (\w+),", said)[0] for said in shown] == ["S8", "S7", "S6"]
    await expect(page.locator(".tile").first.locator(".figure")).to_be_in_viewport()
    await keep(page, "many-alerts")
    await alerts.locator("summary").press("Enter")
    await expect(alerts.get_by_role("link", name=re.compile("^Line S1, last hour"))).to_be_visible()
    await plant.send(reject("more", 0.1, 100, line="S1"))
    await expect(alerts.locator("li").first).to_contain_text("Line S1, last hour")
    await expect(alerts.get_by_role("link", name=re.compile("^Line S2, last hour"))).to_be_visible()


async def test_a_phone_has_the_open_stop_after_the_last_hour(plant: Plant, window: Watched) -> None:
    plant.import_rates()
    await plant.work()
    page = await window.open()
    await page.set_viewport_size({"width": 390, "height": 844})
    await expect(page.locator(".panel.stops .clock")).to_be_in_viewport(ratio=1)
    await keep(page, "phone-first")


async def test_nothing_heard_is_no_nought(plant: Plant, window: Watched) -> None:
    plant.import_rates()
    await plant.send(made("p", 3 * 24 * 60), reject("d", 3 * 24 * 60 - 1, 3))
    page = await window.open()
    hour = page.get_by_role("region", name="Last 60 minutes")
    await expect(hour).to_contain_text(
        re.compile(r"no event since .*, \d\d:\d\d \((2|3) days ago\)")
    )
    await expect(hour.locator(".figure")).to_have_text("– EUR")
    await expect(page.get_by_role("heading", name="Open stops").locator("..")).to_contain_text(
        "none reported"
    )
    wide = "regions => regions.some(region => region.scrollWidth > region.clientWidth)"
    assert not await page.get_by_role("region", name="Lines", exact=True).evaluate_all(wide)
    await keep(page, "unheard")


async def test_a_plant_at_work_has_its_board_on_the_first_of_a_month(
    plant: Plant, window: Watched
) -> None:
    """31 days back is always the month before, or an earlier one."""
    plant.import_rates()
    await plant.send(made("p", 31 * 24 * 60), reject("d", 31 * 24 * 60 - 1, 3))
    page = await window.open()
    await expect(page.get_by_role("region", name="Last 60 minutes")).to_contain_text(
        "no event since"
    )
    await expect(page.get_by_text("Nothing is booked this month")).to_be_hidden()
    await keep(page, "first-of-month")


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
    await expect(dialog).to_contain_text("from")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await page.get_by_role("combobox", name="Line").select_option("")
    await expect(page).to_have_url(f"{plant.url}/?plant=north")
    await page.get_by_role("link", name="The day before").press("Enter")
    await expect(page.get_by_text("Past day")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()


async def test_a_product_group_is_chosen_and_its_figures_open_its_entries(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    plant.group("widget", "A")
    await plant.send(made("p", 3), reject("d", 2, 3), stop("s", 9, until=6) | {"product": "other"})
    page = await window.open("?plant=north")
    await page.get_by_role("combobox", name="Product group").select_option("A")
    await expect(page).to_have_url(f"{plant.url}/?plant=north&group=A&grouping=family")
    await expect(page.get_by_role("heading", name="COPQ north, group A")).to_be_visible()
    await page.locator(".tile .figure a").first.press("Enter")
    await expect(page.get_by_role("dialog").locator(".sum strong")).to_have_text("19.06 EUR")
    await page.keyboard.press("Escape")
    await page.get_by_role("combobox", name="Product group").select_option("")
    await expect(page).to_have_url(f"{plant.url}/?plant=north")


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
    await plant.work(hours=1)
    page = await window.open()
    for name, (width, height) in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        await expect(page.locator("#hours-chart canvas")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await is_accessible(page, name)
        if name == "wall":  # a dialog is the same on a laptop
            continue
        await page.locator(".tile").nth(1).get_by_role("link").first.click()
        await expect(page.get_by_role("dialog").locator("#entries-body tr").first).to_be_visible()
        await is_accessible(page, f"{name}-entries")
        await page.keyboard.press("Escape")
