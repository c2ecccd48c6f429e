"""The form in a real browser: a phone and a desk, light and dark, by keyboard, without a script."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from babel import Locale
from playwright.async_api import Browser, Page, ViewportSize

from copq.ingest.form.numbers import NotANumber, display_text, read_number
from copq.posting.post import prepare
from copq.rates.store import import_rates
from tests.integration.ingest.form.test_form import RATES
from tests.support.access.serving import grant, run, served
from tests.support.board.screenshots import keep
from tests.unit.ingest.form.test_entry import NO_NUMBERS, NUMBERS

PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=900)
LAPTOP = ViewportSize(width=1366, height=768)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CONTRAST = """() => {
  const parse = text => { const m = text.match(/[\\d.]+/g).map(Number);
    return m.length < 4 ? [...m, 1] : m };
  const light = ([r, g, b]) => { const f = [r, g, b].map(v => { v /= 255;
    return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 });
    return .2126 * f[0] + .7152 * f[1] + .0722 * f[2] };
  const ground = node => { for (; node; node = node.parentElement) {
    const c = parse(getComputedStyle(node).backgroundColor); if (c[3] > .99) return c }
    return [255, 255, 255, 1] };
  const low = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own && !["INPUT"].includes(node.tagName) || !node.checkVisibility()) continue;
    const [a, b] = [parse(getComputedStyle(node).color), ground(node)].map(light);
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) low.push([node.outerHTML.slice(0, 80), ratio]);
  }
  return low;
}"""
UNLABELLED = """() => [...document.querySelectorAll("input:not([type=hidden]), button")]
  .filter(n => !(n.labels?.length || n.ariaLabel || n.textContent.trim())).map(n => n.outerHTML)"""


@pytest_asyncio.fixture(loop_scope="session")
async def service(database: str) -> AsyncIterator[httpx.AsyncClient]:
    conn = await asyncpg.connect(database)
    await prepare(conn)
    await import_rates(conn, RATES, "rates.yaml", "test")
    await conn.close()
    async with served(database) as client:
        yield client


@asynccontextmanager
async def opened(
    browser: Browser, service: httpx.AsyncClient, token: str, **settings: Any
) -> AsyncIterator[Page]:
    """A page that is logged in, as a person does it; nothing may leave for another host."""
    base = str(service.base_url).rstrip("/")
    context = await browser.new_context(base_url=base, **settings)
    page = await context.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.goto("/form")
    await page.fill("#token", token)
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="What was made?").wait_for()
    yield page
    assert all(url.startswith((base, "data:")) for url in asked), asked
    # Chromium calls an answer of 422 an error; that is how a mistake is told.
    assert [fault for fault in faults if "422" not in fault] == []
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_enter_mend_send_correct_and_withdraw(
    browser: Browser, service: httpx.AsyncClient, database: str, size: Any, scheme: Any
) -> None:
    token = await grant(database, "desk")
    settings = {"viewport": size, "color_scheme": scheme}
    async with opened(browser, service, token, **settings) as page:
        await _is_readable(page)
        await page.get_by_role("link", name="TR29").click()
        await page.get_by_label("Units produced").fill("12000")
        await page.get_by_label("Units rejected at P3").fill("14.500")
        await page.get_by_label("Defect code of the rejects at P3").fill("burr")
        await page.get_by_role("button", name="Send").click()

        await page.get_by_role("alert").wait_for()
        assert await page.evaluate("document.activeElement.id") == "faults"
        wrong = page.get_by_label("Units rejected at P3")
        assert await wrong.get_attribute("aria-invalid") == "true"
        assert await wrong.input_value() == "14.500"
        await _is_readable(page)
        await page.get_by_role("alert").get_by_role("link").click()
        await wrong.fill("14")
        await page.get_by_role("button", name="Check and send").click()
        await page.get_by_role("heading", name="Is this right?").wait_for()
        await _is_readable(page)
        await page.get_by_role("button", name="Send", exact=True).click()

        await page.get_by_text("Sent and stored").wait_for()
        await _is_readable(page)
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("Units rejected at P3").fill("15")
        await _check_and_send(page)
        await page.get_by_text("15 · burr").wait_for()
        await page.get_by_text("Withdraw", exact=True).click()
        await page.get_by_role("button", name="Withdraw all of it").click()
        await page.get_by_text("Withdrawn.").wait_for()
        await _is_readable(page)
    rows = await run(database, "select event_type, count(*) as n from copq.event group by 1")
    assert {r["event_type"]: r["n"] for r in rows} == {
        "production": 2, "defect": 2, "correction": 4
    }  # fmt: skip


async def _check_and_send(page: Page) -> None:
    await page.get_by_role("button", name="Check and send").click()
    await page.get_by_role("button", name="Send", exact=True).click()


async def _is_readable(page: Page) -> None:
    """Contrast of AA, a name for every control, nothing wider than the screen."""
    assert await page.evaluate(CONTRAST) == []
    assert await page.evaluate(UNLABELLED) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_double_click_counts_once(
    browser: Browser, service: httpx.AsyncClient, database: str
) -> None:
    async with opened(browser, service, await grant(database, "desk")) as page:
        await page.get_by_role("link", name="TR414").click()
        await page.get_by_label("Units produced").fill("7")
        await page.get_by_role("button", name="Check and send").click()
        await page.get_by_role("button", name="Send", exact=True).dblclick()
        await page.get_by_text("Sent and stored").wait_for()
        await page.go_back()
        await page.get_by_role("button", name="Send", exact=True).click()
        await page.get_by_text("Sent and stored").wait_for()
    [row] = await run(database, "select count(*) as n from copq.event")
    assert row["n"] == 1


async def test_it_works_without_scripts_and_by_keyboard_alone(
    browser: Browser, service: httpx.AsyncClient, database: str
) -> None:
    token = await grant(database, "desk")
    async with opened(browser, service, token, java_script_enabled=False) as page:
        await page.get_by_role("link", name="TR29").focus()
        await page.keyboard.press("Enter")
        await page.get_by_label("A day", exact=True).focus()
        await page.keyboard.press("ArrowRight")
        await page.get_by_label("From", exact=True).fill("2026-03-02T06:00")
        await page.get_by_label("To", exact=True).fill("2026-03-02T14:00")
        assert not await page.get_by_label("Day", exact=True).is_visible()
        await page.get_by_label("Units produced").focus()
        await page.keyboard.type("40")
        await page.keyboard.press("Tab")
        await page.keyboard.type("39")
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Send", exact=True).focus()
        await page.keyboard.press("Enter")
        await page.get_by_text("2026-03-02 06:00 to 2026-03-02 14:00").wait_for()
        assert await page.get_by_text("Sent and stored").is_visible()


async def test_the_published_form_is_entered_and_shown_as_it_is_understood(
    browser: Browser, service: httpx.AsyncClient, database: str
) -> None:
    token = await grant(database, "desk")
    async with opened(browser, service, token, viewport=PHONE, locale="de-DE") as page:
        await page.get_by_role("link", name="TR29").click()
        for name in ("sent_back", "transport", "reworked_on_site", "travel"):
            await page.fill(f"#{name}", "999")
        for name in ("scrapped", "scrapped_on_site", *(f"reject\\:P{n}" for n in (1, 3, 4, 7))):
            await page.fill(f"#{name}", "99")
        await page.fill("#produced", "1.200")
        told = page.locator("output[for=produced]")
        assert await told.text_content() == "1200 or 1,2? Write 1200, or 1,2"
        await page.fill("#produced", "999 999")
        assert await told.text_content() == "= 999.999"
        await page.fill("#day", "2017-03-06")
        await _picture(page, "form-entry")
        await page.get_by_role("button", name="Check and send").click()
        await page.get_by_text("counted once").wait_for()
        await _picture(page, "form-check")
        await page.get_by_role("button", name="Change").click()
        assert await page.input_value("#scrapped_on_site") == "99"
        await _check_and_send(page)
        await page.get_by_text("Sent and stored").wait_for()
        await _picture(page, "form-receipt")
    [row] = await run(database, "select sum(net) as net from copq.ledger")
    assert float(row["net"]) == pytest.approx(16940.47, rel=1e-3)


async def test_the_field_and_the_service_read_numbers_alike(
    browser: Browser, service: httpx.AsyncClient, database: str
) -> None:
    token = await grant(database, "desk")
    async with opened(browser, service, token, viewport=DESK, locale="en-US") as page:
        await page.get_by_role("link", name="TR29").click()
        told = page.locator("output[for=produced]")
        for text, number in NUMBERS:
            await page.fill("#produced", text)
            wanted = display_text(Decimal(str(number)), Locale("en"))
            short = len(text) < 4 and text.isdigit()
            assert await told.text_content() == ("" if short else f"= {wanted}"), text
        for text in NO_NUMBERS:
            await page.fill("#produced", text)
            assert "Write a number" in (await told.text_content() or ""), text
        for text in ("1.200", "12,125", "999.001"):
            await page.fill("#produced", text)
            with pytest.raises(NotANumber) as why:
                read_number(text, Locale("en"))
            writings = str(why.value).rpartition("write ")[2]
            assert (await told.text_content() or "").endswith(f"Write {writings}")


async def _picture(page: Page, name: str) -> None:
    """On a phone and on a laptop; nothing is wider than either."""
    for size in (LAPTOP, PHONE):
        await page.set_viewport_size(size)
        await _is_readable(page)
        await keep(page, f"{name}-{size['width']}")
