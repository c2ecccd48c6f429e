"""Where things stand: on a wall, a laptop and a phone, with one line in trouble or forty."""

import re
import subprocess
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Locator, Page, ViewportSize, expect

from tests.support.board.accessible import is_accessible
from tests.support.board.plant import Plant, made, reject, stop
from tests.support.board.screenshots import keep
from tests.support.board.watched import PATIENCE_MS, Watched

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)

WALL = ViewportSize(width=1920, height=1080)
LAPTOP = ViewportSize(width=1366, height=768)
PHONE = ViewportSize(width=390, height=844)
SOME_FOLDED = 5
"""Lines in trouble of which some are folded away, and some that stand still, too."""
COUNTS = (1, 3, SOME_FOLDED, 40)
SIZES = {"wall": WALL, "laptop": LAPTOP, "phone": PHONE}


def named(count: int) -> list[str]:
    return [f"Filling {number:02d}" for number in range(1, count + 1)]


async def in_trouble(plant: Plant, count: int) -> None:
    """Each line is over its target, every other one stands still; the last is the dearest."""
    lines = named(count)
    plant.import_rates(lines)
    plant.set_target("1%")
    events: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        events.append(made(f"p{number}", 4, 900, line))
        bad = reject(f"d{number}", 3, 30 + 5 * number, line)
        events.append({**bad, "defect_code": f"code {number % 12}"})
        if (count - number) % 2 == 0:
            events.append(stop(f"s{number}", number / 40, line))
    await plant.send(*events)


async def refused(plant: Plant, messages: int) -> None:
    conn = await asyncpg.connect(plant.database)
    await conn.execute(
        "insert into copq.rejected (code, field, message, size, payload) "
        "select 'missing', 'plant', 'is missing', 2, '{}' from generate_series(1, $1)", messages,
    )  # fmt: skip
    await conn.close()


async def ends(place: Locator) -> dict[str, float]:
    """The edges of what is seen of an element, from those of the screen."""
    found: dict[str, float] = await place.evaluate(
        "e => { const {left, right, top, bottom} = e.getBoundingClientRect();"
        " return {left, right, top, bottom}; }"
    )
    return found


async def is_on(place: Locator, screen: ViewportSize) -> bool:
    edges = await ends(place)
    across = edges["left"] >= 0 and edges["right"] <= screen["width"]
    return across and edges["top"] >= 0 and edges["bottom"] <= screen["height"]


async def hides_nothing(place: Locator) -> bool:
    """Its content is no larger than its visible part."""
    found: bool = await place.evaluate(
        "e => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight"
    )
    return found


async def reach(page: Page) -> tuple[int, int]:
    """How wide and how high the whole page is."""
    wide, high = await page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    return wide, high


async def test_the_first_page_is_no_wider_than_the_screen(plant: Plant, window: Watched) -> None:
    page = await window.open()
    await expect(page.get_by_role("heading", name="Set up your plant")).to_be_visible()
    for name, screen in SIZES.items():
        await page.set_viewport_size(screen)
        assert await reach(page) == (screen["width"], screen["height"])
        for place in await page.locator("h1, h2, p:visible, pre, button").all():
            assert await is_on(place, screen), await place.inner_text()
        await is_accessible(page, f"empty-{name}")


async def test_the_first_commands_are_copied_by_keyboard_and_run_as_they_are(
    plant: Plant, window: Watched
) -> None:
    await window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await window.open()
    await page.get_by_role("button", name="Copy").nth(1).press("Enter")
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    command = await page.evaluate("navigator.clipboard.readText()")
    assert command == await page.locator("pre").nth(1).inner_text()
    plant.import_rates(["it's one"])
    await expect(page.get_by_text("Nothing is booked this month")).to_be_visible()
    await page.get_by_role("button", name="Copy").press("Enter")
    command = await page.evaluate("navigator.clipboard.readText()")
    subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    await expect(page.get_by_role("region", name="Today so far", exact=True)).to_contain_text(
        "19.06 EUR"
    )


@pytest.mark.parametrize("count", COUNTS)
async def test_trouble_of_any_size_leaves_the_figures_in_sight(
    plant: Plant, window: Watched, count: int
) -> None:
    await in_trouble(plant, count)
    page = await window.open()
    alerts = page.get_by_role("region", name="Alerts")
    await expect(alerts.locator("li").first).to_contain_text(f"Filling {count:02d}")
    await expect(alerts.locator("li:visible")).to_have_count(min(count, 3))
    for name, screen in SIZES.items():
        await page.set_viewport_size(screen)
        await expect(page.locator("#hours-chart canvas")).to_be_visible()
        if count == SOME_FOLDED:
            await is_accessible(page, f"trouble-{count}-{name}")
        assert (await reach(page))[0] == screen["width"]
        assert await is_on(page.locator(".hour"), screen)
        assert await is_on(page.locator(".stops li").first, screen)
        if name != "phone":
            assert await is_on(page.locator(".month"), screen)
            assert await is_on(alerts, screen)
        if name == "wall":
            await all_is_on_the_wall(page)
            assert await is_on(page.locator(".lines tbody tr").nth(min(count, 7) - 1), WALL)


async def all_is_on_the_wall(page: Page) -> None:
    """Every panel, and what is in it; of the latest and the lines as many as there is room for."""
    assert await reach(page) == (WALL["width"], WALL["height"])
    for panel in await page.locator("main section").all():
        assert await is_on(panel, WALL), await panel.inner_text()
        if await panel.get_attribute("data-key") != "latest":
            assert await hides_nothing(panel), await panel.inner_text()


async def test_the_lines_that_are_folded_away_open_by_keyboard_the_dearest_first(
    plant: Plant, window: Watched
) -> None:
    await in_trouble(plant, 40)
    page = await window.open()
    alerts = page.get_by_role("region", name="Alerts")
    rest = alerts.get_by_text("and 37 more lines")
    await rest.press("Enter")
    await expect(alerts.locator("li:visible")).to_have_count(40)
    ranked = [
        text.split("ine Filling ")[1][:2] for text in await alerts.locator("li").all_inner_texts()
    ]
    assert ranked == [f"{number:02d}" for number in range(40, 0, -1)]
    await plant.send(reject("new", 0.05, 1000, "Filling 01"))
    await expect(alerts.locator("li").first).to_contain_text("ine Filling 01")
    await expect(alerts.locator("li:visible")).to_have_count(40)  # a refresh leaves it open
    await page.locator(".stops").get_by_text("and 17 more").press("Enter")
    await expect(page.locator(".stops li:visible")).to_have_count(20)
    await alerts.get_by_role("link", name=re.compile("^Line Filling")).last.press("Enter")
    await expect(page.get_by_role("heading", name="COPQ north, line Filling 02")).to_be_visible()


async def test_all_troubles_at_once_fit_a_wall(plant: Plant, window: Watched) -> None:
    """Lines over target, silent ones, stops, events without a price and refused messages."""
    await in_trouble(plant, 40)
    plant.import_rates([*named(40), *(f"Quiet {n}" for n in range(12))])
    await plant.send(*(made(f"old{n}", 45, line=f"Quiet {n}") for n in range(12)))
    strange = {**reject("strange", 2, 3, "Filling 02"), "product": "gadget"}
    await plant.send(strange, {**strange, "event_id": "other", "stage": "S9", "product": "widget"})
    coded = reject("no-code", 2, 3, "Filling 02")
    await plant.send({name: value for name, value in coded.items() if name != "defect_code"})
    await refused(plant, 7)
    page = await window.open()
    await page.set_viewport_size(WALL)
    alerts = page.get_by_role("region", name="Alerts")
    await expect(alerts).to_contain_text("12 lines have sent nothing")
    await expect(alerts).to_contain_text("2 events have no price")
    await expect(alerts).to_contain_text("7 messages were refused")
    await expect(page.locator("#hours-chart canvas")).to_be_visible()
    await all_is_on_the_wall(page)
    await keep(page, "wall-all-troubles")
    await page.get_by_role("link", name="Code", exact=True).click()
    await expect(page.locator("table.pareto tbody tr")).to_have_count(10)
    await expect(page.locator("table.pareto")).to_contain_text("without a code")
    await all_is_on_the_wall(page)
    await expect(page.locator(".latest h2")).to_be_hidden()  # no room is left for an entry
    await alerts.get_by_text("2 events have no price").press("Enter")
    await expect(alerts.get_by_role("link", name='product "gadget"')).to_be_visible()
    await alerts.get_by_text("12 lines have sent nothing").press("Enter")
    await alerts.get_by_role("link", name="Quiet 7").press("Enter")
    await expect(page.get_by_role("heading", name="COPQ north, line Quiet 7")).to_be_visible()
    await expect(page.get_by_text("have no price")).to_have_count(0)  # they are of another line


async def test_a_wall_has_money_in_short_and_a_desk_in_full(plant: Plant, window: Watched) -> None:
    plant.import_rates()
    await plant.send(made("p", 0.4), reject("d", 0.2, 2000))
    page = await window.open()
    figure = page.get_by_role("region", name="Today so far", exact=True).locator(".figure a")
    assert await figure.inner_text() == "12,708 EUR"
    await page.set_viewport_size(WALL)
    assert await figure.inner_text() == "12.7k EUR"
    stops, hour = await ends(page.locator(".stops")), await ends(page.locator(".hour"))
    assert (stops["left"], stops["right"]) == (hour["left"], hour["right"]), "one column"
    assert "12708 EUR" in (await figure.get_attribute("title") or "")


async def test_long_names_cut_no_column_off(plant: Plant, window: Watched) -> None:
    await in_trouble(plant, 40)
    page = await window.open()
    heard = page.locator(".lines tbody tr").first.locator("td").last
    await expect(heard).to_contain_text("min ago")
    for screen in (LAPTOP, WALL):
        await page.set_viewport_size(screen)
        table = page.locator(".lines .scroll")
        assert await table.evaluate("e => e.scrollWidth <= e.clientWidth")


async def test_the_pareto_begins_with_the_kind_that_tells_something(
    plant: Plant, window: Watched
) -> None:
    """One bar of 100 % tells nothing: here all is of one stage, with two codes."""
    plant.import_rates()
    other = {**reject("d2", 2, 4), "defect_code": "crack"}
    await plant.send(made("p", 3), reject("d1", 2, 3), other)
    page = await window.open()
    kinds = page.get_by_role("navigation", name="Pareto by")
    await expect(kinds.locator("[aria-current]")).to_have_text("Cause")
    await expect(page.locator("table.pareto tbody tr")).to_have_count(2)
