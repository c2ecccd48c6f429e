"""Pictures of pages that tests open."""

import os
from pathlib import Path

from playwright.async_api import Page

SCREENSHOTS = Path(__file__).parents[3] / "build" / "screenshots"


async def keep(page: Page, name: str, whole: bool = False) -> None:
    """A picture of what is seen, for people to judge, where COPQ_SCREENSHOTS is set.

    `whole`: of all that the page has, not of the window alone.
    """
    if not os.environ.get("COPQ_SCREENSHOTS"):
        return
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=whole)
