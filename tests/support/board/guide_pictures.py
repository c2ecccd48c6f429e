"""The pictures of docs/set-up.md: the guide on an empty folder.

Run it as `python -m tests.support.board.guide_pictures`; `make pictures` does so, too.
"""

import asyncio
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import Page, async_playwright

from copq.command_line.demo.folder import prepare_folder
from copq.command_line.demo.service import free_port, running
from tests.support.patience import PATIENCE_S
from tests.support.programs import program
from tests.support.programs.browser import CHROMIUM, QUIET

IMAGES = Path(__file__).parents[3] / "docs" / "images"
PRODUCTS = (
    "Product\tStage\tMaterial\tLabour\nbottle-500\tblown\t0.04\t0.03\n"
    "bottle-500\tfilled\t0.11\t0.07\nbottle-500\tcapped\t0.13\t0.09"
)
_COLOURS = 128


async def take(url: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program(CHROMIUM), args=list(QUIET)
        )
        page = await browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(PATIENCE_S * 1000)
        await page.goto(f"{url}/setup/plant")
        await page.get_by_label("Plant", exact=True).fill("hamburg")
        await page.get_by_label("Time zone").fill("Europe/Berlin")
        await page.get_by_label("Currency").fill("EUR")
        await page.get_by_role("button", name="Go on").click()
        await page.get_by_label("Lines", exact=True).fill("filling-1\t600\nfilling-2\t540")
        await page.get_by_label("Products", exact=True).fill(PRODUCTS)
        await page.get_by_role("button", name="Go on").click()
        await page.get_by_label("Your name").fill("Ada")
        await _keep(page, "set-up-rates")
        await page.get_by_role("button", name="Set these rates").click()
        await page.get_by_role("link", name="Go on without tokens").click()
        await page.get_by_role("button", name="Send it from here").click()
        await page.get_by_role("heading", name="It has arrived").wait_for()
        await _keep(page, "set-up-event")
        await browser.close()


async def _keep(page: Page, name: str) -> None:
    taken = await page.screenshot(full_page=True)
    Image.open(BytesIO(taken)).quantize(_COLOURS).save(IMAGES / f"{name}.png", optimize=True)


def main() -> None:
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        prepare_folder(data)
        with running(data, free_port()) as service:
            asyncio.run(take(service.url))


if __name__ == "__main__":
    main()
