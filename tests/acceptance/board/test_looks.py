"""What a person sees of the board: order, colours, and the page on paper."""

import asyncio
import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.board.plant import Plant, made, reject, stop
from tests.support.board.printed import A4, printed
from tests.support.board.screenshots import keep
from tests.support.board.watched import PATIENCE_MS, Watched

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)

RED = {"light": "rgb(179, 38, 30)", "dark": "rgb(255, 138, 128)"}


async def lines_of(page: Page) -> list[str]:
    return await page.locator(".lines tbody th").all_inner_texts()


async def test_lines_sort_by_keyboard_and_a_refresh_keeps_the_order(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    await plant.work()
    page = await window.open()
    lines = page.locator(".panel.lines")
    falling = lines.get_by_role("columnheader", name="Today")
    await expect(falling).to_have_attribute("aria-sort", "descending")
    assert await lines_of(page) == ["L2", "L1"]
    await lines.get_by_role("button", name="Line").focus()
    await page.keyboard.press("Enter")
    head = lines.get_by_role("columnheader", name="Line", exact=True)
    await expect(head).to_have_attribute("aria-sort", "ascending")
    await expect(falling).not_to_have_attribute("aria-sort", "descending")
    await expect(lines.get_by_role("button", name="Line")).to_be_focused()
    assert await lines_of(page) == ["L1", "L2"]
    await plant.send(reject("dear", 0.05, 1000, line="L2"))
    await expect(lines.get_by_role("row", name="L2")).to_contain_text(re.compile(r"\d,\d{3}"))
    assert await lines_of(page) == ["L1", "L2"]
    await expect(lines.get_by_role("button", name="Line")).to_be_focused()
    copied = await window.open(page.url.removeprefix(plant.url + "/"))
    await expect(copied.locator(".lines tbody th").first).to_have_text("L1")
    await page.keyboard.press("Space")
    await expect(head).to_have_attribute("aria-sort", "descending")
    assert await lines_of(page) == ["L2", "L1"]


async def test_entries_sort_by_money_not_by_its_letters(plant: Plant, window: Watched) -> None:
    plant.import_rates()
    await plant.send(
        made("p", 0.4), reject("a", 0.3, 9), reject("b", 0.2, 100), reject("c", 0.1, 20)
    )
    page = await window.open()
    await page.locator(".tile").nth(1).get_by_role("link").first.click()
    entries = page.get_by_role("dialog").get_by_role("region", name="Entries")
    net = entries.locator("td[data-name=Net]")
    await expect(net).to_have_text(["127.08", "635.40", "57.19"])
    await entries.get_by_role("button", name="Net").click()
    await expect(net).to_have_text(["635.40", "127.08", "57.19"])
    await entries.get_by_role("button", name="Net").click()
    await expect(net).to_have_text(["57.19", "127.08", "635.40"])
    await page.get_by_role("link", name="Close").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_more_entries_join_those_that_are_sorted(plant: Plant, window: Watched) -> None:
    plant.import_rates()
    await plant.send(*(reject(f"d{n}", 1 + n / 200, 1 + n % 7) for n in range(150)))
    page = await window.open()
    await page.locator(".tile").nth(1).get_by_role("link").first.click()
    entries = page.get_by_role("dialog").get_by_role("region", name="Entries")
    await entries.get_by_role("button", name="Net").click()
    for read in (50, 100, 150):
        await expect(entries.locator("tbody tr")).to_have_count(read)
        if read < 150:
            await page.get_by_role("button", name="More entries").click()
    figures = [float(t) for t in await entries.locator("td[data-name=Net]").all_inner_texts()]
    assert figures == sorted(figures, reverse=True)
    await expect(page.get_by_role("button", name="More entries")).to_have_count(0)


async def test_over_target_is_red_and_said_and_within_is_neither(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    await plant.send(made("p", 2, 100), reject("d", 1, 10), stop("s", 20, line="L1"))
    plant.set_target("1%")
    page = await window.open()
    tile = page.get_by_role("region", name="Last 60 minutes")
    await expect(tile).to_contain_text("▲ over target 1.0 %")
    alert = page.get_by_role("region", name="Alerts")
    await expect(alert).to_contain_text("Line L1, last hour: COPQ ")
    await expect(alert).to_contain_text("mostly burr at S2 since ")
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        bar = tile.locator("rect.actual")
        await expect(bar).to_have_css("fill", RED[scheme])
        await expect(tile.locator(".bad")).to_have_css("color", RED[scheme])
        await until_coloured(page.locator("#hours-chart canvas"), RED[scheme])
        await keep(page, f"over-{scheme}")
    tick, bar = tile.locator("line.target"), tile.locator("rect.actual")
    at, ends = await tick.bounding_box(), await bar.bounding_box()
    assert at and ends and at["x"] < ends["x"] + ends["width"], "the target is passed"
    plant.set_target("90%")
    await expect(tile).to_contain_text("✓ within target 90.0 %")
    await expect(tile.locator("rect.actual")).not_to_have_css("fill", RED["dark"])
    await expect(alert).to_have_count(0)
    await page.reload()
    await expect(page.locator("#hours-chart canvas")).to_be_visible()
    assert await _coloured(page.locator("#hours-chart canvas"), RED["dark"]) == 0


async def until_coloured(canvas: Locator, colour: str) -> None:
    """Until more than a hundred dots of the chart have the colour: it is drawn after the page."""
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while await _coloured(canvas, colour) <= 100:
            await asyncio.sleep(0.1)


async def _coloured(canvas: Locator, colour: str) -> int:
    """How many dots of the chart have the colour, read from a copy made for reading."""
    count: int = await canvas.evaluate(
        """(canvas, colour) => {
          const [r, g, b] = colour.match(/\\d+/g).map(Number);
          const copy = Object.assign(document.createElement("canvas"),
            { width: canvas.width, height: canvas.height });
          const reading = copy.getContext("2d", { willReadFrequently: true });
          reading.drawImage(canvas, 0, 0);
          const dots = reading.getImageData(0, 0, canvas.width, canvas.height).data;
          let found = 0;
          for (let i = 0; i < dots.length; i += 4)
            if (dots[i] === r && dots[i + 1] === g && dots[i + 2] === b) found += 1;
          return found;
        }""",
        colour,
    )
    return count


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_paper_it_is_one_white_page_with_figures_date_basis_and_currency(
    plant: Plant, window: Watched, scheme: str
) -> None:
    plant.import_rates()
    plant.set_target("1.5%")
    await plant.work()
    page = await window.open()
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    today = page.get_by_role("region", name="Today so far", exact=True)
    await expect(today).to_contain_text("over target")
    figure = (await today.locator(".figure a").inner_text()).split()[0]
    now = datetime.now(UTC)
    day = f"{now:%a}, {now.day} {now:%B %Y}"
    paper = await printed(page, f"paper-{scheme}")
    assert paper.sizes == [A4]
    for said in (
        figure, day, "in EUR", "Estimates at standard rates", "base: cost of production", "As of",
        "over target 1.5 %", "What costs most by cause, today", "Open stops (1)",
    ):  # fmt: skip
        assert said in paper.text, said
    for control in ("all lines", "CSV", "Show the hours as a table", "Code", "Latest costs"):
        assert control not in paper.text, control
    assert paper.whiteness() > 0.85


async def test_the_entries_behind_a_figure_print_without_the_board(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    await plant.work()
    page = await window.open()
    await page.locator(".tile").nth(2).get_by_role("link").first.click()
    await expect(page.locator("#entries-body tr").first).to_be_visible()
    paper = await printed(page, "paper-entries")
    assert set(paper.sizes) == {A4}
    count = await page.locator("#entries-body tr").count()
    assert paper.text.count("; net ") == count, "every entry is on paper"
    assert "An estimate at standard rates" in paper.text
    assert "✕" not in paper.text and "Hour by hour" not in paper.text
