"""Debian's Chromium without windows: a real browser, which asks nothing of the outside itself."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.support.kafka.guarded import GuardedProcess
from tests.support.patience import PATIENCE_S
from tests.support.programs import program

CHROMIUM = "chromium-headless-shell"
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--disable-default-apps", "--hide-scrollbars",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
)  # fmt: skip


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a browser that all tests of a worker share."""
    folder = tmp_path_factory.mktemp("chromium")
    own = ("--remote-debugging-port=0", f"--user-data-dir={folder / 'profile'}")
    process = GuardedProcess([program(CHROMIUM), *QUIET, *own], folder / "chromium.log")
    yield f"http://127.0.0.1:{_port(folder / 'profile' / 'DevToolsActivePort')}"
    process.kill()


def _port(written: Path) -> int:
    deadline = time.monotonic() + PATIENCE_S
    while not (written.exists() and written.read_text()):
        assert time.monotonic() < deadline, "Chromium does not start"
        time.sleep(0.05)
    return int(written.read_text().splitlines()[0])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A connection to it. Each test makes a context of its own, and closes it.

    It is of the session's event loop, and so are the tests that use it.
    """
    async with async_playwright() as playwright:
        found = await playwright.chromium.connect_over_cdp(chromium)
        yield found
        await found.close()
