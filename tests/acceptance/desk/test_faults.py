"""Faults of people, browsers and the database at the desk: each is answered, nothing is twice."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from copq.database.connections import DatabaseRole, connected
from copq.posting.post import prepare
from copq.rates.store import import_rates
from copq.rates.yaml_text import yaml_of
from tests.support.access.serving import run
from tests.support.board.accessible import is_accessible
from tests.support.board.screenshots import keep
from tests.support.board.watched import PATIENCE_MS
from tests.support.building import book, defect, post_events, rates
from tests.support.desk.at_work import NEW_RATES, AtWork
from tests.support.desk.months import cost_table, last_month
from tests.support.desk.office import Person
from tests.support.patience import PATIENCE_S

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)
MONTH = "/finance/months/north/2026-03"
AUDIT_LOCK = "select pg_advisory_lock(hashtextextended('copq.audit', 0))"
CHOOSE = (
    "const chosen = new DataTransfer();"
    "chosen.items.add(new File([new Uint8Array(50_000_000)], 'rates.xlsx'));"
    "it.files = chosen.files"
)
"""A file is made in the page: to hand over as much by the protocol of the tests takes minutes."""
WAITING = (
    "select pid from pg_stat_activity where datname = current_database() "
    "and wait_event_type = 'Lock' and query like '%copq.%'"
)
People = dict[str, Person]


@pytest_asyncio.fixture(loop_scope="session")
async def people(browser: Browser, site: AtWork, database: str) -> AsyncIterator[People]:
    """Two people of finance, each with a browser, and a month that may be closed."""
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(), "rates.yaml", "test")
    async with connected(database, DatabaseRole.AGGREGATOR) as conn:
        await prepare(conn)
        await post_events(conn, book(), [defect("d", "2026-03-02T10:00:00+01:00")])
    found, contexts = {}, []
    for name in ("ada", "ben", "cat"):
        contexts.append(context := await browser.new_context())
        found[name] = Person(site.url, await context.new_page())
        found[name].page.set_default_timeout(PATIENCE_MS)
        await found[name].sign_in(f"finance:{name}")
    yield found
    for context in contexts:
        await context.close()


async def test_faults_at_the_desk_are_answered_and_nothing_happens_twice(
    people: People, site: AtWork, database: str
) -> None:
    await wrong_files_are_refused(people["ada"])
    await a_file_of_50_mb_is_refused_with_what_to_do(people["ada"])
    await a_double_click_submits_once(people["ada"], site)
    await of_two_who_approve_at_once_one_does(people)
    await a_double_click_approves_once_and_reprices_once(people, site, database)
    await a_close_without_its_session_is_kept_and_done_once(people["ada"], database)
    await an_act_whose_database_goes_is_sent_again_and_done_once(people, database)


async def wrong_files_are_refused(ada: Person) -> None:
    formula = cost_table("widget", "=1+1", last_month())
    for name, data, says in (
        ("photo.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(1_000), "not an Excel workbook"),
        ("rates.xlsx", formula, "holds a formula"),
    ):
        await ada.open("/finance/rates")
        await ada.choose(name, data)
        await ada.press("Check")
        said = await ada.says()
        assert "Nothing was changed." in said and says in said, said
        await keep(ada.page, f"fault-{name}")


async def a_file_of_50_mb_is_refused_with_what_to_do(ada: Person) -> None:
    """By the form before it is sent; by the service where the script has not looked at it."""
    await ada.open("/finance/rates")
    field = ada.page.locator("input[type=file]")
    await field.evaluate(f"it => {{ {CHOOSE}; it.dispatchEvent(new Event('change')); }}")
    said = ada.page.get_by_role("alert").filter(has_text="rates.xlsx has 48 MB, more than 16 MB")
    await expect(said).to_contain_text("Split it into several, and send each one.")
    assert await field.input_value() == ""
    await is_accessible(ada.page, "fault-50-mb")
    await field.evaluate(f"it => {{ {CHOOSE}; }}")
    await ada.press("Check")
    wanted = "larger than 16 MB: split it into several, and send each one."
    await expect(ada.page.get_by_text(wanted)).to_be_visible()
    assert "Nothing was changed." in await ada.says()


async def a_double_click_submits_once(ada: Person, site: AtWork) -> None:
    await ada.open("/finance/rates")
    await ada.choose("rates.yaml", NEW_RATES, "application/yaml")
    await ada.press("Check")
    await ada.fill(why="costs of 2027")
    await ada.page.get_by_role("button", name="Submit for approval").dblclick()
    await ada.page.wait_for_url("**/finance/rates/*submitted*")
    headers = {"Authorization": "Bearer finance:ada"}
    drafts = (await site.client.get("/v1/rate-documents?waiting=true", headers=headers)).json()
    assert len(drafts["rows"]) == 1


async def of_two_who_approve_at_once_one_does(people: People) -> None:
    both = [people["ben"], people["cat"]]
    for one in both:
        await one.open("/finance")
        await one.follow("rate document to decide")
    await asyncio.gather(*(one.press("Approve") for one in both))
    said = [await one.says() for one in both]
    assert sum("Approved. The rates are in the book." in text for text in said) == 1
    assert sum("Nothing was changed." in text for text in said) == 1
    await people["ada"].open("/finance")
    assert "rate document" not in await people["ada"].says()


async def a_double_click_approves_once_and_reprices_once(
    people: People, site: AtWork, database: str
) -> None:
    ada, ben = people["ada"], people["ben"]
    await ada.open("/finance/rates")
    await ada.choose("rates.yaml", yaml_of(rates(recovery_rate="0.4")).encode(), "application/yaml")
    await ada.press("Check")
    await ada.fill(why="costs of 2028")
    await ada.press("Submit for approval")
    await ben.open("/finance")
    await ben.follow("rate document to decide")
    await ben.page.get_by_role("button", name="Approve").dblclick()
    await expect(ben.page.get_by_text("Approved. The rates are in the book.")).to_be_visible()
    by = "select 1 from copq.rate_decision where decided_by in ('ben', 'cat')"
    assert len(await run(database, by)) == 2
    await ada.open("/finance/repricing")
    await ada.fill(**{"from": "2026-03"})
    await ada.press("Show the plan")
    await expect(ada.page.get_by_role("heading", name="What would change")).to_be_visible()
    await ada.fill(why="invoice 4711 came late")
    await ada.page.get_by_role("button", name="Apply").dblclick()
    await expect(ada.page.get_by_role("heading", name="What has changed")).to_be_visible()
    assert len(await run(database, "select 1 from copq.job where kind = 'reprice'")) == 1
    assert len(await run(database, "select 1 from copq.repricing")) == 1


async def a_close_without_its_session_is_kept_and_done_once(ada: Person, database: str) -> None:
    await ada.open(MONTH)
    await ada.fill(why="month end, in two sessions")
    await ada.page.context.clear_cookies()
    await ada.press("Close and sign off")
    assert "Your session has ended. Nothing was done." in await ada.says()
    assert await run(database, "select 1 from copq.closing") == []
    await keep(ada.page, "fault-session")
    async with ada.page.expect_popup() as opened:
        await ada.page.get_by_role("link", name="Sign in, in a new tab").click()
    tab = await opened.value
    await tab.get_by_label("Token").fill("finance:ada")
    await tab.get_by_role("button", name="Sign in").click()
    await expect(tab.get_by_text("Close this tab")).to_be_visible()
    await tab.close()
    await ada.page.get_by_role("button", name="Send again").dblclick()
    await expect(ada.page.get_by_text("Closed and signed off.")).to_be_visible()
    steps = await run(database, "select done_by, why from copq.period_step")
    assert [tuple(step) for step in steps] == [("ada", "month end, in two sessions")]


async def an_act_whose_database_goes_is_sent_again_and_done_once(
    people: People, database: str
) -> None:
    ben, other = people["ben"], await asyncpg.connect(database)
    await ben.open(MONTH)
    stale = people["cat"]
    await stale.open(MONTH)
    await other.execute(AUDIT_LOCK)
    await ben.fill(why="credit note")
    pressed = asyncio.create_task(ben.press("Reopen"))
    async with asyncio.timeout(PATIENCE_S):
        while not (waiting := await other.fetch(WAITING)):
            await asyncio.sleep(0.05)
        await other.execute("select pg_terminate_backend($1)", waiting[0]["pid"])
        await pressed
    await expect(ben.page.get_by_text("It is not known whether")).to_be_visible()
    await is_accessible(ben.page, "fault-database")
    await other.close()
    await ben.press("Send again")
    assert "Reopened" in await ben.says()
    await stale.fill(why="credit note")
    await stale.press("Reopen")
    said = await stale.says()
    assert "Nothing was changed." in said and "changed since you read it" in said
    steps = await run(database, "select done_by, what from copq.period_step order by step")
    assert [tuple(step) for step in steps] == [("ada", "closed"), ("ben", "reopened")]
