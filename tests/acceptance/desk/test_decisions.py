"""Access, targets and a project on the pages of the desk, in a real browser, by their people."""

import pytest
from playwright.async_api import ViewportSize, expect

from copq.access.door import Role
from tests.support.board.accessible import is_accessible
from tests.support.board.screenshots import keep
from tests.support.board.watched import PATIENCE_MS
from tests.support.desk.months import FIRST, event, rejects
from tests.support.desk.office import Office, Person
from tests.support.faults.processes import until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)
PHONE, LAPTOP = ViewportSize(width=390, height=844), ViewportSize(width=1366, height=768)
PROJECT = b"""
projects:
  - {plant: north, name: caps, owner: mia, sponsor: sven, scope: {line: [L1]},
     baseline: {first: 2026-01-01, last: 2026-03-31}, starts: 2026-04-15, currency: EUR,
     benefits: [{type: hard, first_month: 2026-05, last_month: 2026-07, amount: 100}]}
"""


async def test_access_targets_and_a_project_are_decided_in_the_browser(office: Office) -> None:
    rates = office.folder / "rates.yaml"
    rates.write_text(FIRST)
    office.run("rates", "import", str(rates))
    for month in ("01", "02", "03"):
        at = f"2026-{month}-10T12:00:00Z"
        await office.send(
            event(f"p{month}", "production", at, product="widget", quantity=100),
            rejects(f"d{month}", at, 10),
        )
    root, tokens = await grant_access(office)
    ada, mia = await office.person(tokens["ada"]), await office.person(tokens["mia"])
    await set_a_target(ada)
    await propose_and_approve(office, ada, mia)
    for person, name in ((ada, "finance/proofs"), (mia, "quality")):
        await person.open(f"/{name}")
        await look(person, f"desk-{name.replace('/', '-')}")
    await revoke(root)


async def look(person: Person, name: str) -> None:
    """The page has no fault on a laptop, and fits a phone."""
    await is_accessible(person.page, name)
    await person.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    await keep(person.page, f"{name}-whole", whole=True)
    await person.page.set_viewport_size(PHONE)
    assert await person.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await keep(person.page, f"{name}-phone", whole=True)
    await person.page.set_viewport_size(LAPTOP)


async def grant_access(office: Office) -> tuple[Person, dict[str, str]]:
    """The first token is the administrator's, who then makes those of the others."""
    root = await office.person()
    page = await root.open("/admin")
    await expect(page.get_by_text("Make the one of an administrator first")).to_be_visible()
    tokens = {}
    for name, role in (("root", Role.ADMIN), ("ada", Role.FINANCE), ("mia", Role.MANAGER)):
        await root.fill(name=name)
        await page.get_by_label("Role").select_option(str(role))
        if name == "root":
            await page.get_by_label("Your name").fill("olaf")
        await root.press("Make the token")
        tokens[name] = await page.locator("code.secret").inner_text()
        if name == "root":
            await until(lambda: _asks_for_a_token(root), "the service asks for a token")
            await root.sign_in(tokens["root"])
            await page.wait_for_url("**/admin")
    await page.reload()
    await expect(page.get_by_text("was made by the first press")).to_be_visible()
    await root.open("/admin")
    await expect(page.locator("code.secret")).to_have_count(0)
    await look(root, "desk-tokens")
    return root, tokens


async def _asks_for_a_token(person: Person) -> bool:
    return "/login" in (await person.open("/admin")).url


async def set_a_target(ada: Person) -> None:
    page = await ada.open("/finance/targets")
    await page.get_by_label("Plant").first.select_option("north")
    await page.get_by_role("textbox", name="Target").fill("300 %")
    await ada.press("Set the target")
    field = page.get_by_role("textbox", name="Target")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_accessible_description("COPQ stays below it. 3 % is 0.03. It is "
        "from 0 to 100 %; write it as 3 % or 0.03.")  # fmt: skip
    await look(ada, "desk-target-wrong")
    await field.fill("2.5 %")
    await ada.press("Set the target")
    await page.get_by_text("Set a budget").click()
    budget = page.locator("form", has=page.get_by_role("button", name="Set the budget"))
    await budget.get_by_label("Amount").fill("40 000")
    await budget.get_by_label("From").fill("2100-01-01")
    await ada.press("Set the budget")
    assert [row[:2] for row in await ada.table("targets in force")][1:] == [["north", "2.5 %"]]
    assert (await ada.table("budgets in force"))[1][1] == "40,000.00 EUR"
    await look(ada, "desk-targets")
    await ada.follow("Change")
    await expect(page.get_by_label("Plant").first).to_have_value("north")
    await ada.press("Take away", page.locator("#set-target"))
    await expect(page.get_by_text("No target is in force")).to_be_visible()


async def propose_and_approve(office: Office, ada: Person, mia: Person) -> None:
    page = await mia.open("/quality/projects")
    await mia.choose("projects.yaml", PROJECT, "application/yaml")
    await mia.press("Propose")
    await mia.follow("caps")
    await page.wait_for_url("**/quality/projects/north/caps")
    await page.locator("#act-size summary").click()
    await mia.press("Measure its baseline")
    assert "Measured: finance can approve it now." in await mia.says()
    await ada.open("/finance")
    page = ada.page
    await ada.follow("project to approve")
    await page.wait_for_url("**/finance/projects")
    await ada.follow("caps")
    assert (await ada.table("baseline"))[-1] == ["All", "", "", "300.00", "300.00"]
    await look(ada, "desk-project-sized")
    await page.locator("#act-approve summary").click()
    await page.locator("#act-approve").get_by_label("Why").fill("pays off")
    await ada.press("Approve", page.locator("#act-approve"))
    assert "Approved, and frozen." in await ada.says()
    await mia.page.reload()
    await mia.page.locator("#act-start summary").click()
    await mia.press("Start", mia.page.locator("#act-start"))
    await mia.page.locator("#act-non-routine summary").click()
    form = mia.page.locator("#act-non-routine")
    for label, text in (("Month", "2026-05"), ("Amount", "40"), ("Evidence", "report 7"),
                        ("Why", "a flood")):  # fmt: skip
        await form.get_by_label(label).fill(text)
    await mia.press("Say what was not routine in a month")
    await page.reload()
    waits = page.locator("section", has_text="Waits for finance: 40.00 EUR")
    await waits.get_by_label("Why").fill("seen")
    await look(ada, "desk-project")
    await ada.press("Accept", waits)
    assert "Decided." in await ada.says()
    account = office.ask("projects", "show", "north", "caps")
    assert (account["state"], account["non_routine"][0]["decided_by"]) == ("running", "ada")


async def revoke(root: Person) -> None:
    page = await root.open("/admin")
    await page.get_by_role("link", name="Revoke mia").click()
    await root.fill(why="left")
    await root.press("Revoke")
    names = [row[0] for row in await root.table("valid tokens")]
    assert names == ["Name", "root", "ada"]
