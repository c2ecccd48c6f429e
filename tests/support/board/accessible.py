"""What axe-core finds at fault of a page, in light and in dark."""

from axe_playwright_python.async_playwright import Axe
from axe_playwright_python.base import AxeResults
from playwright.async_api import Page, expect

from tests.support.board.screenshots import keep

ALL: dict[str, object] = {"resultTypes": ["violations"]}
COLOURS: dict[str, object] = {
    **ALL,
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
"""The rules of axe-core's category "color": in dark nothing else differs."""


async def is_accessible(page: Page, name: str, *, in_dark: bool = True) -> None:
    """It has no fault in light, and none of its colours in dark."""
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    await keep(page, f"{name}-light")
    await _has_no_fault(page, ALL)
    if not in_dark:
        return
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    await keep(page, f"{name}-dark")
    await _has_no_fault(page, COLOURS)


async def _has_no_fault(page: Page, options: dict[str, object]) -> None:
    await expect(page.locator("body.stale")).to_have_count(0)  # old figures are dim
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(Axe().axe_script)
    found = AxeResults(await page.evaluate("options => axe.run(options)", options))
    assert found.violations_count == 0, found.generate_report()
