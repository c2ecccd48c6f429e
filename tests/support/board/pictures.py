"""The pictures of docs/images, by `make pictures`: the bottling plant's last whole day, and the
pages that analyse its fortnight.

The service is the demo's own: rates, a fortnight's log, and a target of 3 %.
"""

import asyncio
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from copq.command_line.demo import bottling, project, sending
from copq.command_line.demo.folder import prepare_folder
from copq.command_line.demo.service import free_port, running
from tests.support.board.printed import Paper
from tests.support.faults.processes import copq
from tests.support.patience import PATIENCE_S
from tests.support.programs import program
from tests.support.programs.browser import CHROMIUM, QUIET

IMAGES = Path(__file__).parents[3] / "docs" / "images"
LAPTOP, WALL, PHONE = (1366, 768), (1920, 1080), (390, 844)
PAGES = {
    "report": "report?plant={plant}&by=line&from=2025-06&to=2025-07",
    "why": "why?plant={plant}&from=2025-06-08&to=2025-06-15&weeks=1",
    "problems": "problems?plant={plant}&month=2025-06&limit=10",
    "what-if": "what-if?plant={plant}&month=2025-06&change=remove+code=UNP-JAM&by=line",
    "planner": "planner?savings=1000000&currency=USD",
    "projects": "projects?plant={plant}",
    "project": f"projects/{{plant}}/{project.NAME}",
    "rates": "finance/rates/{document}",
    "month": "finance/months/{plant}/2025-06",
}
DOCUMENT = 3
"""The demo imports two rate files."""
ON_PHONES = ("projects", "project", "month")


async def _page(browser: Browser, address: str, size: tuple[int, int]) -> Page:
    page = await browser.new_page(viewport={"width": size[0], "height": size[1]})
    await page.goto(address)
    await page.locator("#hours-chart canvas").wait_for()
    await page.wait_for_timeout(500)  # charts are drawn in steps
    return page


async def take(url: str) -> None:
    day = f"{url}/?plant={bottling.PLANT}&day={bottling.LAST_WHOLE}"
    async with async_playwright() as playwright:
        chromium = playwright.chromium
        browser = await chromium.launch(executable_path=program(CHROMIUM), args=list(QUIET))
        for name, size in (("laptop", LAPTOP), ("wall", WALL), ("phone", PHONE)):
            page = await _page(browser, day, size)
            await page.screenshot(path=IMAGES / f"board-{name}.png", full_page=name == "laptop")
        page = await _page(browser, day, LAPTOP)
        paper = Paper(await page.pdf(prefer_css_page_size=True), "paper")
        paper.images[0].save(IMAGES / "board-paper.png")
        await page.locator(".tile.today .figure a").click()
        await page.locator("#entries-body tr").first.wait_for()
        await page.screenshot(path=IMAGES / "board-entries.png")
        for name in PAGES:
            await _take_page(browser, url, name, LAPTOP, f"page-{name}.png")
        for name in ON_PHONES:
            await _take_page(browser, url, name, PHONE, f"page-{name}-phone.png")
        await browser.close()


async def _take_page(
    browser: Browser, url: str, name: str, size: tuple[int, int], file: str
) -> None:
    page = await browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.set_default_timeout(PATIENCE_S * 1000)
    path = PAGES[name].format(plant=bottling.PLANT, document=DOCUMENT)
    answer = await page.goto(f"{url}/{path}")
    assert answer is not None and answer.ok, await page.content()
    await page.wait_for_load_state("networkidle")
    await page.wait_for_timeout(500)
    taken = await page.screenshot(full_page=size == LAPTOP)
    Image.open(BytesIO(taken)).quantize(_COLOURS).save(IMAGES / file, optimize=True)


def submit_rates(url: str) -> None:
    """Higher costs of stops from 2026 on, as a document that waits for a second person."""
    text = sending.RATES[0].read_text()
    _, lines = text.split("line_rates:")
    rates = lines.replace("2025-01-01", "2026-01-01").replace("12.00", "13.50")
    plants = text[: text.index("cost_tables:")]
    said = httpx.post(
        f"{url}/v1/rate-documents", content=f"{plants}line_rates:{rates}",
        params={"name": "rates of 2026.yaml", "why": "costs of 2026", "by": "finn"},
    )  # fmt: skip
    assert said.is_success and said.json()["document"] == DOCUMENT, said.text


_COLOURS = 128
"""Few enough for a small file, and more than a page has."""


def main() -> None:
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        prepare_folder(data)
        with running(data, free_port()) as service:
            sending.import_rates(data)
            sending.import_log(service.url, data)
            copq("targets", "set", "3%", "--plant", bottling.PLANT, "--from", "2025-01-01",
                 "--data", str(data))  # fmt: skip
            project.show_project(data)
            submit_rates(service.url)
            asyncio.run(take(service.url))


if __name__ == "__main__":
    main()
