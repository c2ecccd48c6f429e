"""A real Chromium, and a service to look at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser

from tests.support.board.plant import Plant
from tests.support.board.watched import Watched


@pytest_asyncio.fixture(loop_scope="session")
async def plant(database: str, tmp_path: Path) -> AsyncIterator[Plant]:
    found = Plant.on(database, tmp_path)
    await found.start()
    yield found
    print(found.service.tail())
    found.service.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def window(browser: Browser, plant: Plant) -> AsyncIterator[Watched]:
    """Nothing may be asked of another machine, and nothing may be logged."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768})
    found = Watched(context, plant.url)
    yield found
    await context.close()
    assert found.strangers == []
    assert found.complaints == []
