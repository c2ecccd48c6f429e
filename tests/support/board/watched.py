"""A browser's window whose every request and complaint is seen."""

from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Page

from tests.support.patience import PATIENCE_S

PATIENCE_MS = 1000 * PATIENCE_S


class Watched:
    """A browser's window whose every request and complaint is seen."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.strangers: list[str] = []
        self.complaints: list[str] = []

    async def open(self, query: str = "") -> Page:
        page = await self.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: self._see(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self._hear(said.text))
        await page.goto(self.url + "/" + query)
        return page

    def _see(self, url: str) -> None:
        if urlsplit(url).netloc != urlsplit(self.url).netloc:
            self.strangers.append(url)

    def _hear(self, text: str) -> None:
        """What a browser says of a server that was killed on purpose is none of the page's."""
        if "ERR_CONNECTION" not in text and "Failed to load resource" not in text:
            self.complaints.append(text)
