"""From an empty folder to a first figure of your own, in a real browser, without a command."""

import subprocess
import time

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.support.board.accessible import is_accessible
from tests.support.board.watched import PATIENCE_MS
from tests.support.desk.office import Office

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)
PHONE, LAPTOP = ViewportSize(width=390, height=844), ViewportSize(width=1366, height=768)
PRODUCTS = "Product\tStage\tMaterial\tLabour\nbottle\tblown\t0.04\t0.03\nbottle\tfilled\t0.11\t0.07"
WITHIN_S = 180
RATES, TOKENS = (f"first {what}, by the guide in the browser" for what in ("rates", "tokens"))


async def test_from_an_empty_folder_to_a_first_figure_of_your_own(office: Office) -> None:
    assert f"Set up a plant at {office.url}/setup" in office.service.said()
    began = time.monotonic()
    page = (await office.person()).page
    await page.goto(office.url)
    await page.get_by_role("link", name="Begin").click()
    await name_plant(page)
    await list_products(page)
    await set_rates(page)
    await page.get_by_role("link", name="Go on without tokens").click()
    await page.get_by_role("button", name="Send it from here").click()
    await expect(page.get_by_role("heading", name="It has arrived, and costs")).to_be_visible()
    await expect(page.locator(".money-is")).to_have_text("0.54 EUR")
    await expect(page.get_by_text("3 pcs × 0.18 = 0.54")).to_be_visible()
    await is_accessible(page, "set-up-arrived")
    await page.get_by_role("link", name="Open the board").click()
    today = page.get_by_role("region", name="Today so far", exact=True)
    await expect(today).to_contain_text("0.54 EUR")
    assert time.monotonic() - began < WITHIN_S
    done = office.audited()
    assert ("Ada", "insert copq.rate_decision", RATES) in done
    assert {who for who, *_ in done if who == "Ada"} == {who for who, _, why in done if why}
    await make_tokens(office, page)


async def name_plant(page: Page) -> None:
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator("#plant-fault")).to_be_visible()
    await page.get_by_label("Plant", exact=True).fill("hamburg")
    await page.get_by_label("Time zone").fill("Europe/Berlin")
    await page.get_by_label("Currency").fill("EUR")
    await is_accessible(page, "set-up-plant")
    await page.get_by_role("button", name="Go on").click()


async def list_products(page: Page) -> None:
    await page.get_by_label("Lines", exact=True).fill("filling-1\t600\nfilling-1")
    await page.get_by_label("Products", exact=True).fill(PRODUCTS)
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator("#lines-fault")).to_contain_text("row 2")
    await is_accessible(page, "set-up-products")
    await page.get_by_label("Lines", exact=True).fill("filling-1\t600\nfilling-2")
    await page.get_by_role("button", name="Go on").click()


async def set_rates(page: Page) -> None:
    material = page.get_by_label("Material, bottle at filled")
    await expect(material).to_have_value("0.11")
    await page.reload()
    await expect(material).to_have_value("0.11")
    await expect(page.locator("output").nth(1)).to_have_text("0.18")
    await page.set_viewport_size(PHONE)
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await is_accessible(page, "set-up-rates-phone")
    await page.set_viewport_size(LAPTOP)
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download as YAML").click()
    assert (await download.value).suggested_filename == "set-up-hamburg.yaml"
    await page.get_by_label("Your name").fill("Ada")
    await page.get_by_role("button", name="Set these rates").click()


async def make_tokens(office: Office, page: Page) -> None:
    """The first tokens close the door, and the person stays in."""
    await page.goto(f"{office.url}/setup/token")
    await is_accessible(page, "set-up-token")
    await page.get_by_label("Your name").fill("Ada")
    await page.get_by_role("button", name="Make the first tokens").click()
    await expect(page.locator(".who")).to_contain_text("Ada")
    machine = page.locator("section", has_text="mes · operator")
    token = await machine.locator("code").inner_text()
    await is_accessible(page, "set-up-tokens-made")
    await page.get_by_role("link", name="Go on").click()
    await is_accessible(page, "set-up-event")
    command = await page.locator("pre").inner_text()
    sent = subprocess.run(
        ["bash", "-c", command], env={"COPQ_TOKEN": token, "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "accepted" in sent.stdout
    await expect(page.locator(".money-is")).to_have_text("0.54 EUR")
    made = {(who, why) for who, what, why in office.audited() if what == "insert copq.token"}
    assert made == {("Ada", TOKENS)}
    other = await office.person()
    await other.page.goto(f"{office.url}/setup")
    await other.page.wait_for_url("**/login**")
