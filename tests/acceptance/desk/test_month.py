"""A whole month on the pages of the desk, in a real browser, by people with roles of their own."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from copq.access.door import Role
from tests.support.board.accessible import is_accessible
from tests.support.board.printed import text_of
from tests.support.board.screenshots import keep
from tests.support.board.watched import PATIENCE_MS
from tests.support.desk.months import cost_table, event, last_month, money, rejects
from tests.support.desk.office import Office, Person
from tests.support.faults.processes import until
from tests.support.reporting.sheets import Calculated

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)
LATE = "invoice 4711 came late"
DECIDED = ("insert copq.rate_decision", "insert copq.rate_item", "insert copq.rate_revision")


@dataclass
class Story:
    """The office, the month that is closed in it, and its people."""

    office: Office
    month: date
    ada: Person
    ben: Person
    mia: Person
    press: str
    """The token of a machine."""

    @property
    def name(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def page(self) -> str:
        return f"/finance/months/north/{self.name}"

    def at(self, hour: int, minute: int = 0) -> str:
        """An instant on the month's tenth day."""
        return f"{self.name}-10T{hour:02}:{minute:02}:00Z"

    async def send(self, *events: dict[str, Any]) -> None:
        await self.office.post(self.press, *events)

    def was_audited(self, *wanted: tuple[str, str, str]) -> None:
        """These decisions are new in the audit trail, and no others."""
        assert self.office.audited() == sorted(wanted)


async def test_a_month_is_priced_repriced_closed_and_reported_by_its_people(
    office: Office,
) -> None:
    story = await begun(office)
    await the_plant_is_set_up_by_the_guide(story)
    await rates_come_by_excel(story)
    await events_arrive_and_one_has_no_price(story)
    await its_rate_prices_it(story)
    await a_late_invoice_reprices_the_month(story)
    await the_month_is_closed_as_a_checklist(story)
    await a_late_event_is_booked_in_the_next_month(story)
    await the_month_is_reopened_and_closed_again(story)
    await the_pack_has_the_figures_of_the_commands(story)
    await the_trail_is_on_its_page_and_all_is_verified(story)


async def begun(office: Office) -> Story:
    roles = [Role.FINANCE, Role.FINANCE, Role.MANAGER, Role.OPERATOR]
    names = ["ada", "ben", "mia", "press"]
    tokens = [office.token(name, role) for name, role in zip(names, roles, strict=True)]
    ada, ben, mia = [await office.person(token) for token in tokens[:3]]
    office.audited()
    return Story(office, last_month(), ada, ben, mia, tokens[3])


async def submit(person: Person, name: str, data: bytes, why: str) -> None:
    await person.open("/finance/rates")
    await person.choose(name, data)
    await person.press("Check")
    await person.fill(why=why)
    await person.press("Submit for approval")
    assert "Another person of finance approves it now" in await person.says()


async def approve(person: Person) -> None:
    """The document that waits on the start page."""
    await person.open("/finance")
    await person.follow("rate document to decide")
    await person.press("Approve")
    assert "Approved. The rates are in the book." in await person.says()


def submitted_and_approved(by: str, why: str, then: str) -> list[tuple[str, str, str]]:
    return [(by, "insert copq.rate_document", why), *((then, what, "") for what in DECIDED)]


async def the_plant_is_set_up_by_the_guide(story: Story) -> None:
    """By one person of finance; another one approves, and the guide goes on."""
    ada = story.ada
    await ada.open("/finance")
    await ada.follow("Set up your plant")
    await ada.fill(plant="north", time_zone="UTC", day_start="00:00", currency="EUR")
    await ada.press("Go on: lines and products")
    await ada.fill(lines="L1\t120\nL2", products="widget\tS1\t10")
    await ada.press("Go on: first rates")
    await ada.fill(since="2020-01-01")
    await ada.press("Submit for approval")
    assert "Document 1 waits for another person of finance" in await ada.says()
    await approve(story.ben)
    story.was_audited(
        *submitted_and_approved("ada", "first rates, by the guide in the browser", "ben")
    )
    await ada.follow("Look again")
    assert "A test event of north" in await ada.says()


async def rates_come_by_excel(story: Story) -> None:
    ada, month = story.ada, story.month
    await ada.open("/finance/rates")
    await ada.choose("rates.xlsx", cost_table("widget", 14, month))
    await ada.press("Check")
    assert "10 → 14 (+40%)" in await ada.says()
    item = 'cost table "widget" of plant "north"'
    changes = await ada.table("what changes")
    first = f"{month} 00:00 UTC"
    assert changes[1:] == [[item, first, "new version", "stages.S1.raw material", "10", "14"]]
    await is_readable(ada.page.get_by_role("link", name="Choose another file"))
    await is_accessible(ada.page, "month-1-check")
    await ada.fill(why="steel costs more")
    await ada.press("Submit for approval")
    await approves_its_own(ada)
    story.was_audited(("ada", "insert copq.rate_document", "steel costs more"))
    await approve(story.ben)
    story.was_audited(*submitted_and_approved("ada", "", "ben")[1:])


async def is_readable(link: Locator) -> None:
    """Its text has another colour than its ground; axe leaves out text of the same colour."""
    style = "it => [getComputedStyle(it).color, getComputedStyle(it).backgroundColor]"
    text, ground = await link.evaluate(style)
    assert text != ground


async def approves_its_own(person: Person) -> None:
    """The page has no button for it, and the form is refused."""
    assert await person.page.get_by_role("button", name="Approve").count() == 0
    withdraw = person.page.get_by_role("button", name="Withdraw")
    await withdraw.evaluate("it => it.formAction = it.formAction.replace('reject', 'approve')")
    await person.press("Withdraw")
    said = await person.says()
    assert "Nothing was changed" in said and "another person approves it" in said


async def events_arrive_and_one_has_no_price(story: Story) -> None:
    stop = {"started_at": story.at(12), "ended_at": story.at(12, 30), "work_unit": "M1"}
    await story.send(
        event("p1", "production", story.at(10), product="widget", quantity=1000),
        rejects("d1", story.at(11), 10), rejects("g1", story.at(13), 5, "gadget"),
        event("s1", "downtime", "", product="widget", **stop),
        event("c1", "correction", story.at(14), corrects="d9", reason="counted twice"),
    )  # fmt: skip
    said = await (await story.ada.open("/finance")).locator("main").inner_text()
    assert "event without a price" in said and "month to close" in said
    await is_accessible(story.ada.page, "month-2-waits")
    await story.ada.follow("event without a price")
    told = story.office.ask("unpriced")
    [row] = (await story.ada.table("events without a price"))[1:]
    assert row[6] == told["unpriced"][0]["reason"] and "gadget" in row[6]
    assert [row[4], row[5]] == ["1", "unknown"] and told["unpriced_totals"]["unknown"] == 1
    [waits] = (await story.ada.table("corrections that wait"))[1:]
    assert waits[:2] == ["c1", told["corrections"][0]["corrects"]]
    await is_accessible(story.ada.page, "month-2-unpriced")
    assert await figures(story) == 10 * 14 + 30 * 2
    story.was_audited()


async def figures(story: Story) -> Any:
    """The month's COPQ on the report page, which is that of every command."""
    told = story.office.ask("report", "--grain", "month", "--from", story.name, "--by", "plant")
    copq = money(told["rows"][0]["net"])
    coq = story.office.ask("coq", "--from", story.name)["rows"]
    assert [money(row["amount"]) for row in coq if row["figure"] == "copq"] == [copq]
    mia = story.mia
    await mia.open(f"/report?plant=north&by=line&from={story.name}")
    shown = mia.page.locator(".tile .figure a").first
    assert money(await shown.inner_text()) == copq
    return copq


async def its_rate_prices_it(story: Story) -> None:
    await submit(story.ben, "gadget.xlsx", cost_table("gadget", 3, story.month), "a new product")
    await approve(story.ada)

    async def priced() -> bool:
        await story.ada.open("/finance/unpriced")
        return "Every event has its price" in await story.ada.says()

    await until(priced, "the new product has its price")
    assert story.office.ask("unpriced")["unpriced"] == []
    assert await figures(story) == 10 * 14 + 30 * 2 + 5 * 3
    story.was_audited(*submitted_and_approved("ben", "a new product", "ada"))


async def a_late_invoice_reprices_the_month(story: Story) -> None:
    ada = story.ada
    await submit(ada, "late.xlsx", cost_table("widget", 15, story.month), LATE)
    await approve(story.ben)
    story.was_audited(*submitted_and_approved("ada", LATE, "ben"))
    await ada.open("/finance/repricing")
    await ada.page.locator("[name=plant]").select_option("north")
    await ada.fill(**{"from": story.name})
    await ada.press("Show the plan")
    await expect(ada.page.get_by_role("heading", name="What would change")).to_be_visible()
    told = story.office.ask("reprice", "--plan", "--plant", "north", "--from", story.name)
    assert await changes_shown(ada) == changes_told(told)
    await is_accessible(ada.page, "month-3-plan")
    assert await figures(story) == 215  # a plan changes nothing
    story.was_audited()
    await ada.fill(why=LATE)
    await ada.press("Apply")
    await expect(ada.page.get_by_role("heading", name="What has changed")).to_be_visible()
    [run] = story.office.ask("reprice", "--list")["repricings"]
    assert await changes_shown(ada) == changes_told(run) and run["started_by"] == "ada"
    assert await figures(story) == 10 * 15 + 30 * 2 + 5 * 3
    story.was_audited(*(("ada", f"{act} copq.repricing", LATE) for act in ("insert", "update")))


async def changes_shown(person: Person) -> list[Any]:
    rows = (await person.table("changes of a repricing"))[1:]
    return [[*row[:3], *map(money, row[5:])] for row in rows]


def changes_told(told: dict[str, Any]) -> list[Any]:
    return [
        [
            one["plant"], one["product"], one["month"], one["events"],
            *(money(one[name]) for name in ("net_before", "net_after", "difference")),
        ]
        for one in told["changes"]
    ]  # fmt: skip


async def months_are_those_of_the_command(story: Story) -> list[Any]:
    """The rows of the page: first reported, restated, difference, of other months."""
    await story.ada.open("/finance/months")
    shown = [list(map(money, row[4:])) for row in (await story.ada.table("months"))[1:]]
    told = story.office.ask("periods", "list")["rows"]
    names = ("first_reported", "restated", "difference", "late")
    assert shown == [[money(row[name]) for name in names] for row in told]
    return shown


async def the_month_is_closed_as_a_checklist(story: Story) -> None:
    ada = story.ada
    assert await months_are_those_of_the_command(story) == [[None, 225, None, 0]]
    await is_accessible(ada.page, "month-4-months")
    await ada.open("/finance")
    await ada.follow("month to close")
    await ada.page.get_by_role("main").get_by_role("link").first.click()
    await ada.page.wait_for_url(f"**{story.page}")
    await ada.press("Close and sign off")
    assert "tick “Close it without”" in await ada.says()
    story.was_audited()
    await is_accessible(ada.page, "month-4-checklist")
    await ada.page.get_by_label("Close it without").check()
    await ada.press("Close and sign off")
    await signed_as_told(story, ada, 225)
    await is_accessible(ada.page, "month-4-closed")
    steps = ("insert copq.closing", "insert copq.period", "insert copq.period_step")
    story.was_audited(*(("ada", step, "month end") for step in steps))


async def signed_as_told(story: Story, person: Person, net: int) -> None:
    """What the page has signed is what the command says was signed, with the same digest."""
    said = await person.says()
    assert "Closed and signed off." in said
    told = story.office.ask("periods", "show", "north", story.name)
    assert told["steps"][-1]["digest"] in said
    shown = [(row[0], money(row[5])) for row in (await person.table("signed figures"))[1:]]
    assert shown == [(str(one["closing"]), money(one["net"])) for one in told["signed_off"]]
    assert (str(told["closings"]), net) in shown


async def a_late_event_is_booked_in_the_next_month(story: Story) -> None:
    await story.send(rejects("d2", story.at(15), 2))
    rows = await months_are_those_of_the_command(story)
    assert rows == [[None, 0, None, 30], [225, 255, 30, 0]]
    await keep(story.ada.page, "month-5-late")
    explained = story.office.ask("explain", "d2")
    [entry] = explained["entries"]
    assert entry["period"] > story.name and entry["day"].startswith(story.name)
    await story.mia.open(f"/finance/months/north/{story.name}")
    assert "Not for this role" in await story.mia.says()
    story.was_audited()


async def the_month_is_reopened_and_closed_again(story: Story) -> None:
    ben, why = story.ben, "its late reject is part of it"
    await ben.open(story.page)
    await ben.fill(why=why)
    await ben.press("Reopen")
    assert "Reopened" in await ben.says()
    await story.send(rejects("d3", story.at(16), 1))
    await ben.open(story.page)
    await ben.page.get_by_label("Close it without").check()
    await ben.press("Close and sign off")
    await signed_as_told(story, ben, 240)
    await is_accessible(ben.page, "month-6-closed-again")
    assert "270.00 EUR as restated; 225.00 as first reported" in await ben.says()
    rows = await months_are_those_of_the_command(story)
    assert rows == [[None, 0, None, 30], [225, 270, 45, 0]]
    again = [("insert copq.closing", "month end"), ("insert copq.period_step", "month end"),
             ("update copq.period", "month end")]  # fmt: skip
    opened = [("insert copq.period_step", why), ("update copq.period", why)]
    story.was_audited(*(("ben", *one) for one in again + opened))


async def the_pack_has_the_figures_of_the_commands(story: Story) -> None:
    mia, folder = story.mia, story.office.folder
    await mia.open(f"/pack?plant=north&month={story.name}")
    told = story.office.ask("pack", "--month", story.name)["months"][-1]
    said = await mia.says()
    assert f"{money(told['copq']):.2f} EUR" in said and told["copq"] == "270"
    assert "COPQ over 1 month " in said and "1 period is not" in said
    assert "signed at 240.00" in said and told["signed"] == "240"
    await is_accessible(mia.page, "month-7-pack")
    files = {}
    for name, end in (("Download the PDF", "pdf"), ("Download the workbook", "xlsx")):
        async with mia.page.expect_download() as waiting:
            await mia.page.get_by_role("link", name=name).click()
        files[end] = Path(await (await waiting.value).path()).read_bytes()
    story.office.run("pack", "--month", story.name, "--to", str(folder))
    for end, data in files.items():
        assert (folder / f"copq-pack-north-{story.name}.{end}").read_bytes() == data
    text = text_of(files["pdf"])
    assert "270.00" in text and "240.00" in text
    row = Calculated(files["xlsx"]).rows("Months")[-1]
    assert (row["month"], row["COPQ"], row["as signed"]) == (story.name, 270, 240)


async def the_trail_is_on_its_page_and_all_is_verified(story: Story) -> None:
    ada = story.ada
    await ada.open("/finance/audit?who=ben")
    shown = (await ada.table("decisions"))[1:]
    told = story.office.ask("audit", "list", "--who", "ben")
    names = [f"{row['action']} {row['subject'].removeprefix('copq.')}" for row in told]
    assert sorted(row[2] for row in shown) == sorted(names)
    await is_accessible(ada.page, "month-8-audit")
    assert "No difference" in story.office.run("verify")
    assert "none altered, none missing" in story.office.run("audit", "verify")
