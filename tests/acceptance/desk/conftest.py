"""`copq up` in the test's own loop or as a process, and browsers in front of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.board.watched import Watched
from tests.support.desk.at_work import AtWork, at_work
from tests.support.desk.office import Office


@pytest_asyncio.fixture(loop_scope="session")
async def site(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AtWork]:
    async with at_work(database, monkeypatch) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def window(browser: Browser, site: AtWork) -> AsyncIterator[Watched]:
    """Nothing may be asked of another machine, and nothing may be logged."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768})
    found = Watched(context, site.url)
    yield found
    await context.close()
    assert found.strangers == []
    assert found.complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def office(tmp_path: Path, browser: Browser) -> AsyncIterator[Office]:
    """`copq up` on an empty folder, and people in front of browsers."""
    found = Office.in_folder(tmp_path, browser)
    await found.start()
    yield found
    await found.close()
