"""Every figure opens what it is made of: what is listed adds up to it."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.board.plant import Plant, made, reject, stop
from tests.support.board.screenshots import keep
from tests.support.board.watched import PATIENCE_MS, Watched

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)


async def opened(page: Page, tile: int, which: int = 0) -> tuple[Decimal, Locator]:
    """What a tile shows as it is clicked (the figure, its base, its comparison), and what opens."""
    link = page.locator(".tile").nth(tile).get_by_role("link").nth(which)
    title: str = await link.evaluate(
        "link => { const said = link.title; link.click(); return said; }"
    )
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator(".sum")).to_be_visible()
    return Decimal(title.split()[0]), dialog


async def listed(dialog: Locator, name: str = "Net") -> Decimal:
    nets = await dialog.locator(f"td[data-name={name}]").evaluate_all(
        "all => all.map(n => n.title)"
    )
    return sum(map(Decimal, nets), Decimal(0))


async def straddled(plant: Plant) -> None:
    """A stop over the hour's edge, one that is open, and rejects."""
    plant.import_rates()
    await plant.send(
        made("p", 30), reject("d", 20, 7), reject("e", 10, 2, line="L2"),
        stop("before", 72, line="L1", until=48), stop("open", 6),
    )  # fmt: skip


async def test_what_the_last_hour_opens_adds_up_to_it(plant: Plant, window: Watched) -> None:
    await straddled(plant)
    page = await window.open()
    figure, dialog = await opened(page, 0)
    strong = dialog.locator(".sum strong")
    assert Decimal(await strong.get_attribute("title") or "") == figure
    assert await listed(dialog) == figure
    said = dialog.locator(".sum")
    await expect(said).to_contain_text(re.compile(r"\d from \d entries"))
    await expect(said).to_contain_text("from 1 stop partly in this window")
    await expect(said).to_contain_text("from 1 open stop, to be booked at the end")
    await expect(said).to_contain_text(re.compile(r"as of \d\d:\d\d:\d\d UTC"))
    edge = dialog.get_by_role("region", name="Stops partly in this window")
    await expect(edge).to_contain_text(re.compile(r" s of .*min.*, those after \d\d:\d\d:\d\d"))
    await expect(dialog.get_by_role("region", name="Open stops, so far")).to_contain_text("× 3 = ")
    await keep(page, "behind-hour")
    await page.set_viewport_size({"width": 390, "height": 844})
    await keep(page, "behind-hour-phone")


async def test_what_a_figure_is_a_share_of_and_compared_with_opens_too(
    plant: Plant, window: Watched
) -> None:
    """To the cent: the base of the last hour, and the same hour yesterday, with a stop's share."""
    await straddled(plant)
    day = 24 * 60
    await plant.send(
        made("p2", 55, line="L2"), reject("y", day + 20, 5), stop("y2", day + 72, until=day + 48),
        stop("y3", day + 10, until=day - 10),
    )  # fmt: skip
    page = await window.open()
    for which, title in ((1, "Cost of production"), (2, "COPQ")):
        figure, dialog = await opened(page, 0, which)
        await expect(dialog.locator("#detail-title")).to_contain_text(title)
        strong = dialog.locator(".sum strong")
        assert Decimal(await strong.get_attribute("title") or "") == figure > 0
        if which == 2:
            yesterday = datetime.now(UTC) - timedelta(days=1, minutes=5)
            await expect(dialog.locator("#detail-title")).to_contain_text(f"{yesterday:%B %Y}, ")
        name = "Base" if which == 1 else "Net"
        assert await listed(dialog, name) == figure
        await keep(page, f"behind-{name.lower()}")
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()


async def test_a_day_opens_its_open_stops_too(plant: Plant, window: Watched) -> None:
    plant.import_rates()
    await plant.send(reject("d", 0.2, 7), stop("open", 0.1))
    page = await window.open()
    figure, dialog = await opened(page, 1)
    total = Decimal(await dialog.locator(".sum strong").get_attribute("title") or "")
    assert await listed(dialog) == total >= figure
    await expect(dialog.locator(".sum")).to_contain_text("from 1 open stop")


async def test_an_open_stop_opens_its_event_rate_and_formula(plant: Plant, window: Watched) -> None:
    plant.import_rates()
    await plant.send(stop("open", 12))
    page = await window.open()
    await page.get_by_role("region", name="Open stops (1)").get_by_role("link").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Open stop, line L2")
    formula = dialog.locator(".booked > .formula")
    await expect(formula).to_have_text(re.compile(r"^12 min [\d.]+ s × 3 = 36\.\d\d$"))
    for said in (
        "3 = a minute of standstill of line L2", "version 1, in EUR",
        "it is booked when the stop ends", "packer-1", "jam", "UTC",
    ):  # fmt: skip
        await expect(dialog).to_contain_text(said)
    await expect(dialog.locator("pre")).to_contain_text('"event_id": "open"')
    await keep(page, "open-stop")
    await page.goto(f"{plant.url}/?event=nobody")
    await expect(dialog).to_contain_text("no open stop has the event id nobody")
