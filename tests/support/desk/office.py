"""An office: `copq up` with its own Postgres, and people in front of browsers."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from openpyxl import Workbook
from playwright.async_api import Browser, BrowserContext, Locator, Page

from copq.access.door import Role
from tests.support.board.plant import Plant
from tests.support.faults.processes import Service, copq
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AUDITED = 1_000


@dataclass
class Office(Plant):
    """A service on a data folder."""

    browser: Browser | None = None
    people: list[BrowserContext] = field(default_factory=list)
    read_to: int = 0
    """The number of the newest row of the audit trail that was read."""

    @classmethod
    def in_folder(cls, folder: Path, browser: Browser) -> "Office":
        [port] = free_ports(1)
        data = folder / "data"
        service = Service(folder, "up", "up", "--data", str(data), "--port", str(port))
        return cls(str(data), folder, service, f"http://127.0.0.1:{port}", browser)

    async def close(self) -> None:
        for context in self.people:
            await context.close()
        print(self.service.tail())
        await self.service.stop()

    def run(self, *words: str, code: int = 0) -> str:
        """What a command prints."""
        return copq(*words, "--data", self.database, code=code)

    def ask(self, *words: str) -> Any:
        """What a command answers."""
        return json.loads(self.run(*words, "--json"))

    def token(self, name: str, role: Role, by: str | None = None) -> str:
        """The text of a new token."""
        made: str = self.ask("tokens", "create", name, "--role", role)["token"]
        return made

    async def person(self, token: str = "") -> "Person":
        """Somebody with a browser, signed in with the token."""
        assert self.browser is not None
        context = await self.browser.new_context(
            viewport={"width": 1366, "height": 768}, accept_downloads=True
        )
        self.people.append(context)
        found = Person(self.url, await context.new_page())
        found.page.set_default_timeout(1000 * PATIENCE_S)
        if token:
            await found.sign_in(token)
        return found

    async def post(self, token: str, *events: dict[str, Any]) -> None:
        """Send events as a machine does."""
        body = "\n".join(map(json.dumps, events))
        headers = {"content-type": "application/x-ndjson", "authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
            said = await client.post(f"{self.url}/v1/events", content=body, headers=headers)
        assert said.status_code == 202, said.text

    def audited(self) -> list[tuple[str, str, str]]:
        """Who did what and why, as the audit trail says it, since this was asked for last."""
        rows = self.ask("audit", "list", "--limit", str(AUDITED))
        new = [row for row in rows if row["seq"] > self.read_to]
        self.read_to = max([self.read_to, *(row["seq"] for row in new)])
        return sorted(
            {(row["who"], f"{row['action']} {row['subject']}", row["why"] or "") for row in new}
        )


@dataclass
class Person:
    """Somebody in front of a browser."""

    url: str
    page: Page

    async def sign_in(self, token: str) -> None:
        await self.page.goto(f"{self.url}/login")
        await self.page.get_by_label("Token").fill(token)
        await self.press("Sign in")

    async def open(self, path: str) -> Page:
        await self.page.goto(self.url + path)
        return self.page

    async def follow(self, name: str) -> None:
        """Press a link of the content, and wait for its page."""
        await self.page.get_by_role("main").get_by_role("link", name=name).first.click()
        await self.page.wait_for_load_state()

    async def press(self, name: str, form: Locator | None = None) -> None:
        await (form or self.page).get_by_role("button", name=name, exact=True).click()
        await self.page.wait_for_load_state()

    async def fill(self, **fields: str) -> None:
        for name, text in fields.items():
            await self.page.locator(f"main [name={name}]").first.fill(text)

    async def choose(self, name: str, data: bytes, kind: str = EXCEL) -> None:
        """Pick a file in the form of the page."""
        await self.page.locator("input[type=file]").first.set_input_files(
            {"name": name, "mimeType": kind, "buffer": data}
        )

    async def says(self) -> str:
        """The text of the page's content."""
        return " ".join((await self.page.locator("main").inner_text()).split())

    async def table(self, caption: str) -> list[list[str]]:
        """The cells of a table by the name of its region, with its head."""
        table = self.page.get_by_role("region", name=f"Table: {caption}").locator("tr")
        found: list[list[str]] = await table.evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
        )
        return found


def workbook(**sheets: Sequence[Mapping[str, Any]]) -> bytes:
    """An Excel file: each sheet has rows by column."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        page.append(list(rows[0]))
        for row in rows:
            page.append(list(row.values()))
    book.save(made := io.BytesIO())
    return made.getvalue()
