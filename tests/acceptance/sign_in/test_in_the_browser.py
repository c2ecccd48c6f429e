"""Signing in at a provider through the pages, in a real browser: from the page back to the page."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from tests.support.access.serving import run
from tests.support.board.plant import Plant
from tests.support.board.screenshots import keep
from tests.support.board.watched import PATIENCE_MS
from tests.support.faults.processes import copq
from tests.support.sign_in.provider import ADDRESS, CONFIG, ISSUER
from tests.support.sign_in.real import set_user

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)
FILES, MONTHS = "/finance/files", "/finance/months"
LAPTOP = ViewportSize(width=1366, height=768)
HERE = ("127.0.0.1", "localhost")
KEPT_MS = 1200
"""A service knows after so long that a session was ended elsewhere."""
ELSEWHERE = "http://other.example"
FORM = """<form method="post" action="{url}/finance/files/reporting-currency">
<input name="key" value="k"><input name="currency" value="USD">
<button>Win a prize</button></form>"""


@pytest_asyncio.fixture(loop_scope="session")
async def plant(database: str, tmp_path: Path, issuer: str) -> AsyncIterator[Plant]:
    found = Plant.on(database, tmp_path)
    found.import_rates()
    file = tmp_path / "sign-in.yaml"
    (tmp_path / "secret").write_text("any secret")
    text = CONFIG.replace(ISSUER, issuer).replace(ADDRESS, found.url)
    file.write_text(f"{text}client_secret_file: secret\n")
    found.service.add("--sign-in", str(file))
    await found.start()
    yield found
    print(found.service.tail())
    found.service.kill()


Windows = Callable[[], Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def new_window(browser: Browser) -> AsyncIterator[Windows]:
    """Windows of people who share no cookies; nothing is asked of other machines."""
    contexts = []

    async def open_one() -> Page:
        contexts.append(context := await browser.new_context(viewport=LAPTOP))
        await context.route(lambda url: urlsplit(url).hostname not in HERE, answer_elsewhere)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return page

    yield open_one
    for context in contexts:
        await context.close()


async def answer_elsewhere(route: Route) -> None:
    """The page of another site; the style sheet of the provider's form is left out."""
    if route.request.url.startswith(ELSEWHERE):
        url = route.request.url.partition("?")[2]
        await route.fulfill(body=FORM.format(url=url), content_type="text/html")
    else:
        await route.abort()


async def sign_in(page: Page, subject: str = "7f3c") -> None:
    """From the login page to the provider and back."""
    await page.get_by_role("link", name="Sign in with Example Login").click()
    await page.get_by_placeholder("sub").fill(subject)
    await page.get_by_role("button", name="Authorize", exact=True).click()
    await page.wait_for_url(lambda url: "127.0.0.1" in url and "/sign-in" not in url)


async def set_currency(page: Page, why: str) -> None:
    await page.locator("[name=currency]").fill("EUR")
    await page.locator("form:has([name=currency]) [name=why]").fill(why)
    await page.get_by_role("button", name="Set", exact=True).click()


def sessions(plant: Plant, *words: str) -> list[dict[str, object]]:
    said = copq("sessions", "list", *words, "--json", "--database", plant.database)
    found: list[dict[str, object]] = json.loads(said)
    return found


async def decided_by(plant: Plant) -> list[str]:
    return [
        row["set_by"] for row in await run(plant.database, "select * from copq.reporting_currency")
    ]


async def test_a_person_acts_under_their_name_and_comes_back_to_the_page_where_they_were(
    plant: Plant, new_window: Windows, issuer: str
) -> None:
    page = await new_window()
    set_user(issuer, name="Anna Berg", groups=["controllers"])
    await page.goto(plant.url + FILES)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await keep(page, "sign-in-provider")
    await sign_in(page)
    assert urlsplit(page.url).path == FILES
    await expect(page.locator(".who")).to_contain_text("Anna Berg")
    [session] = sessions(plant)
    assert (session["name"], session["role"]) == ("Anna Berg (7f3c)", "finance")

    # The session ends: a page asks to sign in, and is shown then.
    said = copq("sessions", "end", str(session["session"]), "--why", "laptop lost",
                "--database", plant.database)  # fmt: skip
    assert said == f"Ended: session {session['session']} of Anna Berg (7f3c).\n"
    assert sessions(plant) == []
    await page.wait_for_timeout(KEPT_MS)
    await page.get_by_role("link", name="Months").click()
    await expect(page.get_by_role("status")).to_have_text("Your session has ended: sign in again.")
    await sign_in(page)
    assert urlsplit(page.url).path == MONTHS

    # It ends while a form is filled in: what was entered is kept, and sent once.
    await page.goto(plant.url + FILES)
    copq("sessions", "end", "--person", "Anna Berg (7f3c)", "--database", plant.database)
    await page.wait_for_timeout(KEPT_MS)
    await set_currency(page, "group accounts")
    await expect(page.get_by_role("heading", name="Sign in again")).to_be_visible()
    await keep(page, "sign-in-again")
    assert await decided_by(plant) == []
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="Sign in, in a new tab").click()
    other = await opened.value
    await sign_in(other)
    await expect(other.get_by_role("heading", name="You are signed in")).to_be_visible()
    await other.close()
    await page.get_by_role("button", name="Send again").click()
    await expect(page.get_by_text("Figures are added in EUR")).to_be_visible()
    assert await decided_by(plant) == ["Anna Berg (7f3c)"]
    trail = json.loads(copq("audit", "list", "--json", "--database", plant.database))
    [row] = [row for row in trail if row["subject"] == "copq.reporting_currency"]
    assert (row["who"], row["why"]) == ("Anna Berg (7f3c)", "group accounts")
    await page.goto(f"{plant.url}/finance/audit?table=reporting_currency")
    await expect(page.get_by_role("cell", name="Anna Berg (7f3c)")).to_be_visible()
    ended = [each for each in sessions(plant, "--all") if each["state"] == "ended"]
    assert len(ended) == 2

    # Out, here and at the provider; the way back is closed.
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="End session").click()
    await page.wait_for_url("**/login")
    await page.goto(plant.url + FILES)
    assert urlsplit(page.url).path == "/login"
    assert sessions(plant) == []


async def test_lines_and_role_of_the_claims_decide_what_is_seen(
    plant: Plant, new_window: Windows, issuer: str
) -> None:
    page = await new_window()
    set_user(issuer, "42", name="Mia", realm_access={"roles": ["manager"]})
    await page.goto(f"{plant.url}/report?plant=north")
    await sign_in(page, "42")
    await expect(page.locator(".who")).to_contain_text("Mia")
    options = await page.get_by_label("Plant").locator("option").all_inner_texts()
    assert "north" in options and "south" not in options
    await page.goto(f"{plant.url}/report?plant=south")
    await expect(page.get_by_role("alert")).to_contain_text("south")
    await page.goto(plant.url + "/finance")
    await expect(page.get_by_role("heading", name="Not for this role")).to_be_visible()
    await keep(page, "sign-in-other-role")


async def test_a_form_on_another_site_decides_nothing(
    plant: Plant, new_window: Windows, issuer: str
) -> None:
    page = await new_window()
    set_user(issuer, name="Anna Berg", groups=["controllers"])
    await page.goto(plant.url + FILES)
    await sign_in(page)
    for elsewhere in (f"{ELSEWHERE}/?{plant.url}", f"{ELSEWHERE}/?{localhost(plant.url)}"):
        await page.goto(elsewhere)
        await page.get_by_role("button", name="Win a prize").click()
        await expect(page.get_by_role("main")).to_contain_text("comes from another site")
    assert await decided_by(plant) == []
    await page.goto(plant.url + FILES)
    await expect(page.locator(".who")).to_contain_text("Anna Berg")  # still signed in


def localhost(url: str) -> str:
    return url.replace("127.0.0.1", "localhost")
