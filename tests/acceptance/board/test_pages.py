"""What surrounds the figures: signing in and out, opening and closing, and a page in part."""

import json
import re
import subprocess
from decimal import Decimal

import pytest
from playwright.async_api import Page, Route, ViewportSize, expect

from tests.support.board.accessible import is_accessible
from tests.support.board.plant import Plant, made, reject, stop
from tests.support.board.screenshots import keep
from tests.support.board.watched import PATIENCE_MS, Watched
from tests.support.faults.processes import copq

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)
PHONE = ViewportSize(width=390, height=844)


async def sign_in(page: Page, token: str) -> None:
    await page.get_by_label("Token").fill(token)
    await page.get_by_role("button", name="Sign in").click()


def grant(plant: Plant, name: str, role: str) -> str:
    made = copq("tokens", "create", name, "--role", role, "--json", "--database", plant.database)
    token: str = json.loads(made)["token"]
    return token


async def test_signing_in_leads_to_the_board_with_a_name_and_a_way_out(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    manager, operator = grant(plant, "Maria", "manager"), grant(plant, "desk", "operator")
    page = await window.open()
    await page.wait_for_url("**/login?next=%2F")
    await is_accessible(page, "sign-in")
    await sign_in(page, manager)
    await expect(page.get_by_text("Nothing is booked this month")).to_be_visible()
    await expect(page.locator("pre")).to_contain_text("Authorization: Bearer $COPQ_TOKEN")
    await expect(page.locator(".who")).to_contain_text("Maria")
    for size in (PHONE, ViewportSize(width=1366, height=768)):
        await page.set_viewport_size(size)
        await expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport(ratio=1)
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/login")
    await sign_in(page, operator)
    await page.wait_for_url("**/form")
    await page.goto(f"{plant.url}/")
    await expect(page.get_by_role("heading", name="The board is for managers")).to_be_visible()
    await is_accessible(page, "forbidden")
    await page.get_by_role("link", name="Enter quality events").click()
    await page.wait_for_url("**/form")


async def test_back_does_not_reopen_a_figure_that_was_closed(plant: Plant, window: Watched) -> None:
    plant.import_rates()
    await plant.send(made("p", 3), reject("d", 2, 3))
    page = await window.open("?plant=north")
    dialog = page.get_by_role("dialog")
    await page.get_by_role("link", name="The day before").click()
    await page.go_back()
    for close in ("Escape", "✕"):
        await page.locator(".tile").nth(1).get_by_role("link").first.click()
        await dialog.get_by_role("link", name="rejects · S2 · burr").click()
        await expect(dialog.locator("pre")).to_be_visible()
        if close == "Escape":
            await page.keyboard.press("Escape")
        else:
            await dialog.get_by_role("link", name="Close").click()
        await expect(dialog).to_be_hidden()
        assert page.url == f"{plant.url}/?plant=north"
    await page.go_forward()
    await expect(dialog).to_be_visible()
    await page.go_back()
    await expect(dialog).to_be_hidden()
    copied = await window.open("?plant=north&event=d")
    await copied.get_by_role("link", name="Close").click()
    await expect(copied.get_by_role("dialog")).to_be_hidden()
    assert copied.url == f"{plant.url}/?plant=north"


async def test_a_bar_opens_the_entries_that_it_is_the_sum_of(plant: Plant, window: Watched) -> None:
    plant.import_rates()
    other = {**reject("d2", 3, 9), "defect_code": "crack"}
    await plant.send(made("p", 3), reject("d", 2, 3), other, stop("s", 9, until=6))
    page = await window.open("?plant=north&span=month")
    rows = page.locator("table.pareto tbody tr")
    await expect(rows.locator("th")).to_have_text(["crack, S2", "burr, S2", "jam, packer-1"])
    for number in range(3):
        shown = Decimal((await rows.nth(number).locator("td.strong").inner_text()).strip())
        box = await rows.nth(number).locator("rect.actual").bounding_box()
        assert box is not None
        await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        total = page.get_by_role("dialog").locator(".sum strong")
        await expect(total).to_be_visible()
        assert round(Decimal(await total.get_attribute("title") or ""), 2) == shown
        await page.keyboard.press("Escape")


async def test_a_part_that_is_lost_is_reported_and_the_figures_need_no_chart(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    await plant.send(made("p", 3), reject("d", 2, 3))

    async def lose(route: Route) -> None:
        await route.abort()

    await window.context.route("**/charts.js", lose)
    page = await window.open()
    await expect(page.get_by_text("A part of the board did not load")).to_be_visible()
    await window.context.unroute("**/charts.js")
    await page.get_by_role("link", name="reload it now").click()
    await expect(page.get_by_role("region", name="Today so far", exact=True)).to_be_visible()
    await window.context.route("**/uplot.js", lose)
    await page.reload()
    await expect(page.get_by_role("region", name="Today so far", exact=True)).to_contain_text(
        "19.06 EUR"
    )
    await expect(page.get_by_text("The chart did not load")).to_be_visible()
    await window.context.route("**/start.js", lose)
    await page.reload()
    await expect(page.get_by_role("link", name="Reload the page")).to_be_visible()


async def test_budgets_are_shown_and_a_bar_needs_something_to_compare_with(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    await plant.send(made("p", 3), reject("d", 2, 3))
    page = await window.open()
    month = page.locator(".tile.month")
    await expect(month.locator(".figure")).to_contain_text("19.06")
    await expect(page.locator(".tile .bullet")).to_have_count(0)
    copq("targets", "budget", "40", "--plant", "north", "--database", plant.database)
    copq("targets", "budget", "10", "--plant", "north", "--line", "L1",
         "--database", plant.database)  # fmt: skip
    await expect(month).to_contain_text(re.compile(r"47\.7 % of the budget of 40\.00 EUR used"))
    await expect(page.locator(".lines td[data-name=budget]")).to_have_text("▲ 190.6 %")
    plant.set_target("90%")
    await expect(month).to_contain_text("✓ within target 90.0 %")
    bar = await month.locator("rect.actual").first.bounding_box()
    track = await month.locator("rect.track").first.bounding_box()
    assert bar is not None and track is not None and bar["width"] < track["width"] / 2


async def test_without_production_nothing_is_said_of_a_percentage(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    plant.set_target("3%")
    await plant.send(reject("d", 2, 3), reject("old", 24 * 60 + 1, 4, line="L2"))
    for query in ("?plant=north", "?plant=north&day=" + str(await _yesterday(window))):
        page = await window.open(query)
        await expect(page.locator(".tile")).to_have_count(3)
        assert "NaN" not in await page.locator("body").inner_text()
        assert await page.locator("line.target").count() == 0


async def _yesterday(window: Watched) -> str:
    page = await window.open("?plant=north")
    await page.get_by_role("link", name="The day before").click()
    await page.wait_for_url("**day=*")
    return page.url.split("day=")[1]


async def test_the_first_page_promises_what_the_board_then_shows(
    plant: Plant, window: Watched
) -> None:
    await window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await window.open()
    promise = await page.get_by_text("costs about").inner_text()
    [shown] = re.findall(r"costs about (\d+) INR", promise)
    command = await page.locator("pre").first.inner_text()
    words = command.split()[1:]
    copq(*words, "--database", plant.database)
    await expect(page.get_by_text("Nothing is booked this month")).to_be_visible()
    await page.get_by_role("button", name="Copy").click()
    command = await page.evaluate("navigator.clipboard.readText()")
    subprocess.run(["bash", "-c", command.replace("P7", "P3")], capture_output=True, check=True)
    today = page.get_by_role("region", name="Today so far", exact=True).locator(".figure")
    await expect(today).to_have_text(re.compile(rf"{shown}(\.\d\d)? INR"))


async def test_a_phone_has_every_column_of_the_lines_and_the_form_first(
    plant: Plant, window: Watched
) -> None:
    plant.import_rates()
    page = await window.open()
    await page.set_viewport_size(PHONE)
    form, command = page.locator("#figures a.button"), page.locator("pre")
    await expect(form).to_be_in_viewport(ratio=1)
    above, below = await form.bounding_box(), await command.bounding_box()
    assert above is not None and below is not None and above["y"] < below["y"]
    await is_accessible(page, "phone-nothing")
    await form.click()
    await expect(page.get_by_role("heading", name="widget")).to_be_visible()
    await page.go_back()
    await plant.work()
    lines = page.get_by_role("region", name="Lines", exact=True)
    await expect(lines.locator("tbody tr")).to_have_count(2)
    assert await lines.evaluate("region => region.scrollWidth <= region.clientWidth")
    for name in ("day", "share", "month", "heard"):
        await expect(lines.locator(f"td[data-name={name}]").first).to_be_visible()


async def test_the_page_of_the_api_is_dark_where_the_browser_is(
    plant: Plant, window: Watched
) -> None:
    page = await window.open("docs")
    await expect(page.get_by_text("Send quality events")).to_be_visible()
    for scheme, dark in (("light", False), ("dark", True)):
        await page.emulate_media(color_scheme="dark" if dark else "light")
        await keep(page, f"docs-{scheme}")
        grounds = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        red = int(re.findall(r"\d+", grounds)[0])
        assert (red < 64) is dark
        text = await page.locator(".opblock-summary-description").first.evaluate(
            "e => getComputedStyle(e).color"
        )
        assert (int(re.findall(r"\d+", text)[0]) > 128) is dark
