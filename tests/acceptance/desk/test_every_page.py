"""Every page of the service in a real browser: light and dark, phone to wall, keyboard, paper."""

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.support.board.accessible import is_accessible
from tests.support.board.printed import A4, printed
from tests.support.board.screenshots import keep
from tests.support.board.watched import PATIENCE_MS, Watched
from tests.support.desk.at_work import AtWork, act, fill
from tests.support.desk.every_page import (
    Place,
    every_place,
    first_places,
    places_at_fault,
    without_address,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)
SIZES = {
    "wall": ViewportSize(width=1920, height=1080), "laptop": ViewportSize(width=1366, height=768),
    "phone": ViewportSize(width=390, height=844),
}  # fmt: skip
DESKS = ("/finance", "/quality", "/admin", "/company", "/setup")
MOST_STOPS = 150
"""Of the tab key, on the longest page."""


async def go(page: Page, site: AtWork, place: Place) -> None:
    await page.set_extra_http_headers(place.headers)
    await page.goto(site.url + place.address)
    await expect(page.locator("p.waiting")).to_have_count(0)


async def beyond(page: Page) -> list[str]:
    """What reaches past the side of the screen, apart from what scrolls by itself."""
    found: list[str] = await page.evaluate("""() => {
        const wide = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= wide) return [];
        return [...document.body.querySelectorAll("*")]
            .filter((e) => e.getBoundingClientRect().right > wide + 1)
            .filter((e) => !e.closest(".scroll, pre, .places"))
            .map((e) => e.outerHTML.slice(0, 120)).slice(0, 3);
    }""")
    return found


async def unlabelled(page: Page) -> list[str]:
    """Fields whose name a person cannot see."""
    found: list[str] = await page.evaluate("""() =>
        [...document.querySelectorAll("input, select, textarea")]
        .filter((e) => e.type !== "hidden" && !e.hidden && !e.closest("[hidden], #swagger-ui"))
        .filter((e) => ![...(e.labels || [])].some((l) => l.textContent.trim()))
        .filter((e) => !e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby"))
        .map((e) => e.outerHTML.slice(0, 120))""")
    return found


async def unreadable(page: Page) -> list[str]:
    """Buttons whose words have the colour of their ground, which axe-core leaves to people."""
    found: list[str] = await page.evaluate("""() =>
        [...document.querySelectorAll("button, .button")]
        .filter((e) => e.checkVisibility() && e.textContent.trim())
        .filter((e) => getComputedStyle(e).color === getComputedStyle(e).backgroundColor)
        .map((e) => e.outerHTML.slice(0, 120))""")
    return found


async def unseen_stops(page: Page) -> list[str]:
    """Places where the focus cannot be seen, on the way through the page by the tab key."""
    await page.evaluate("document.activeElement.blur()")
    found = []
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        said = await page.evaluate("""() => {
            const e = document.activeElement;
            if (e === document.body || e.dataset.seen) return "end";
            e.dataset.seen = "yes";
            const at = e.matches(".kinds input") ? e.nextElementSibling : e;
            const { outlineStyle, outlineWidth } = getComputedStyle(at);
            const { width, height } = at.getBoundingClientRect();
            const clear = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
            return clear && width && height ? "" : e.outerHTML.slice(0, 120);
        }""")
        if said == "end":
            break
        found += [said] if said else []
    return found


async def faults_of_look(page: Page, name: str) -> list[str]:
    """What is wrong with a page on any screen, in light and in dark."""
    found = []
    await page.emulate_media(color_scheme="light")
    for size, screen in SIZES.items():
        await page.set_viewport_size(screen)
        found += [f"{name}, {size}: is too wide: {one}" for one in await beyond(page)]
        await keep(page, f"{name}-{size}")
    found += await faults_of_access(page, f"{name}-phone")
    found += [f"{name}: without a label: {one}" for one in await unlabelled(page)]
    found += [f"{name}: cannot be read: {one}" for one in await unreadable(page)]
    await page.emulate_media(color_scheme="light", reduced_motion=None)
    await page.set_viewport_size(SIZES["laptop"])
    return found


async def faults_of_access(page: Page, name: str, in_dark: bool = True) -> list[str]:
    try:
        await is_accessible(page, name, in_dark=in_dark)
    except AssertionError as error:
        return [f"{name}: {error}"]
    return []


async def test_no_page_is_left_out(site: AtWork) -> None:
    assert without_address(site) == [], "add an address of each to tests/support/desk/every_page.py"


async def test_every_page_is_for_all_screens_all_people_and_paper(
    site: AtWork, window: Watched, database: str
) -> None:
    page, faults = await window.open("login"), []
    for place in await first_places(site):
        await go(page, site, place)
        await page.set_viewport_size(SIZES["phone"])
        faults += await faults_of_access(page, f"empty-{place.name}", in_dark=False)
        faults += [f"{place.name}, empty: is too wide: {one}" for one in await beyond(page)]
    await fill(database)
    await act(site)
    places = await every_place(site)
    assert len(places) > 30
    for place in places:
        await go(page, site, place)
        faults += await faults_of_look(page, place.name)
        faults += [f"{place.name}: focus unseen: {one}" for one in await unseen_stops(page)]
        if place.address.startswith(DESKS):
            faults += await faults_of_access(page, f"{place.name}-laptop", in_dark=False)
            faults += await faults_on_paper(page, place)
    for place in await places_at_fault(site):
        await go(page, site, place)
        faults += await faults_of_look(page, f"fault-{place.name}")
    assert faults == [], "\n\n".join(faults)


async def faults_on_paper(page: Page, place: Place) -> list[str]:
    """It is to be A4, without what can be clicked, and bright."""
    await page.emulate_media(media="print", color_scheme="dark")
    left = await page.locator("nav:visible, .who:visible, .act:visible, .skip:visible").count()
    paper = await printed(page, f"paper-{place.name}")
    await page.emulate_media(media="screen", color_scheme="light")
    found = [f"{place.name}: {left} things to click are on paper"] if left else []
    found += [] if set(paper.sizes) == {A4} else [f"{place.name}: printed on {paper.sizes}"]
    return found + ([] if paper.whiteness() > 0.7 else [f"{place.name}: dark on paper"])
