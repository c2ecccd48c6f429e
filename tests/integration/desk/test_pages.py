"""The finance desk by form: what waits, rates, months; each act once and by its person."""

import re
from collections.abc import AsyncIterator

import pytest

from copq.access.door import OpenDoor
from copq.database.connections import DatabaseRole, connected
from copq.posting.post import prepare
from copq.rates.store import import_rates
from copq.rates.yaml_text import yaml_of
from tests.support.access.serving import run
from tests.support.building import book, defect, post_events, rates, stop
from tests.support.desk.asking import DeskClient, desk_client
from tests.support.desk.browsing import ADA, BEN, Browser

FILE = yaml_of(rates()).encode()
MONTH = "/finance/months/north/2026-03"


@pytest.fixture
async def desk(database: str) -> AsyncIterator[DeskClient]:
    async with desk_client(database) as client:
        yield client


async def test_rates_are_checked_submitted_and_approved_by_another(
    desk: DeskClient, database: str
) -> None:
    ada, ben = Browser(desk.client, ADA), Browser(desk.client, BEN)
    assert "There are no rates yet" in await ada.open("/finance")
    page = await ada.upload(FILE)
    assert "checked, not submitted yet" in page and "cost table" in page
    assert "say why" in (await ada.send("/finance/rates/submit", 409, why="")).lower()
    await ada.upload(FILE)
    page = await ada.send("/finance/rates/submit", why="costs of 2026")
    assert "Another person of finance approves it now" in page and "Withdraw" in page
    assert 'formaction="/finance/rates/1/approve"' not in page
    waits = await ben.open("/finance")
    assert "rate document to decide" in waits and "rates.yaml (by ada)" in waits
    await ben.open("/finance/rates/1")
    again = Browser(desk.client, BEN)
    await again.open("/finance/rates/1")
    assert "Approved. The rates are in the book." in await ben.send("/finance/rates/1/approve")
    stale = await again.send("/finance/rates/1/approve", 412)
    assert "Nothing was changed" in stale and "in force" in stale
    who = await run(database, "select distinct who from copq.audit where who <> 'postgres'")
    assert {row["who"] for row in who} == {"ada", "ben"}


async def test_a_second_press_sends_the_same_act(desk: DeskClient) -> None:
    ada = Browser(desk.client, ADA)
    await ada.upload(FILE)
    before = ada.page
    for _ in range(2):
        ada.page = before
        assert "Rate document 1" in await ada.send("/finance/rates/submit", why="costs")
    rows = (await desk.get("/v1/rate-documents")).json()["rows"]
    assert [row["document"] for row in rows] == [1]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("rates.pdf", b"%PDF", "no ending that is known"),
        ("rates.xlsx", b"PK\x03\x04", "not an Excel workbook"),
        ("<b>.yaml", b"plants: 1", "Input should be"),
    ],
)
async def test_a_file_of_the_wrong_kind_is_refused_on_the_page(
    desk: DeskClient, name: str, data: bytes, says: str
) -> None:
    page = await Browser(desk.client, ADA).upload(data, name, 422)
    assert "Nothing was changed" in page and says in page and "<b>" not in page


async def test_a_form_without_a_file_and_a_form_that_is_none(desk: DeskClient) -> None:
    client, path = desk.client, "/finance/rates/check"
    empty = await client.post(path, headers=ADA, files={"file": ("", b"")})
    assert empty.status_code == 422 and "Choose a file first" in empty.text
    other = await client.post(path, headers=ADA, content=b"x" * 100)
    assert other.status_code == 422 and "not a form with a file" in other.text
    large = await client.post(path, headers=ADA, files={"file": ("a.yaml", bytes(17 << 20))})
    assert large.status_code == 413 and "larger than 16 MB" in large.text


async def test_a_month_is_closed_as_a_checklist(desk: DeskClient, database: str) -> None:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(), "rates.yaml", "test")
    async with connected(database, DatabaseRole.AGGREGATOR) as conn:
        await prepare(conn)
        await post_events(conn, book(), [
            defect("d", "2026-03-02T10:00:00+01:00"), stop("s", "2026-03-03T10:00:00+01:00")
        ])  # fmt: skip
    ada = Browser(desk.client, ADA)
    assert "months to close" in (waits := await ada.open("/finance")) and "stop still open" in waits
    assert "open, has ended" in await ada.open("/finance/months")
    page = await ada.open(MONTH)
    assert "1 stop still open" in page and 'name="accept_stops"' in page
    refused = await ada.send(f"{MONTH}/close", 409, why="month end")
    assert "tick “Close it without” below" in refused and "--accept" not in refused
    closed = await ada.send(f"{MONTH}/close", why="month end", accept_stops="on")
    assert "Closed and signed off." in closed and "digest" in closed
    reopened = await ada.send(f"{MONTH}/reopen", why="credit note")
    assert "Reopened" in reopened and "credit note" in reopened
    assert "is not in the rate book" in await ada.open("/finance/months/nort/2026-03", 404)


async def test_pages_are_for_finance_alone(desk: DeskClient) -> None:
    for path in ("/finance", "/finance/rates", "/finance/months", MONTH):
        nobody = await desk.client.get(path)
        assert nobody.status_code == 303 and nobody.headers["location"].startswith("/login?next=")
        for role in ("manager:mia", "operator:otto", "admin:ann"):
            await Browser(desk.client, {"Authorization": f"Bearer {role}"}).open(path, 403)


async def test_without_tokens_the_form_asks_who_it_is(database: str) -> None:
    async with desk_client(database, OpenDoor()) as desk:
        person = Browser(desk.client, {})
        assert 'name="by"' in await person.upload(FILE)
        refused = await person.send("/finance/rates/submit", 422, why="costs")
        assert "Say who does it" in refused
        await person.upload(FILE)
        assert "by eve" in await person.send("/finance/rates/submit", why="costs", by="eve")


async def test_files_are_imported_and_every_decision_is_in_the_trail(
    desk: DeskClient, database: str
) -> None:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(), "rates.yaml", "test")
    ada = Browser(desk.client, ADA)
    assert "Bases of percentages" in await ada.open("/finance/files")
    data = b"plant,month,base,amount,currency\nnorth,2026-03,revenue,1000,EUR\n"
    page = await ada.upload(data, "bases.csv", path="/finance/files/bases", why="accounts", key="k")
    assert "bases.csv is imported: 1 new, 0 restated, 0 unchanged." in page
    again = await ada.upload(
        data, "bases.csv", path="/finance/files/bases", why="accounts", key="k"
    )
    assert "1 new" in again  # the same act, done once
    wrong = await ada.upload(
        data.replace(b"north", b"nort"), "bases.csv", 422, "/finance/files/bases"
    )
    assert "nort" in wrong and "Nothing was changed" in wrong
    await ada.upload(data, "bases.csv", 404, "/finance/files/nothing")
    await ada.open("/finance/files")
    refused = await ada.send("/finance/files/reporting-currency", 422, currency="euro")
    assert "three capital letters" in refused
    await ada.send("/finance/files/reporting-currency", currency="EUR", why="group accounts")
    trail = await ada.open("/finance/audit?table=base_amount&who=ada&since=2026-01-01")
    assert "insert base_amount" in trail and "accounts" in trail
    await ada.open("/finance/audit?table=nothing", 422)
    await ada.open("/finance/audit?since=march", 422)
    of_north = Browser(desk.client, {"Authorization": "Bearer finance:nat:north"})
    await of_north.open("/finance/audit", 403)


async def test_what_is_not_in_the_figures_is_shown_with_its_worth(
    desk: DeskClient, database: str
) -> None:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(), "rates.yaml", "test")
    async with connected(database, DatabaseRole.AGGREGATOR) as conn:
        await prepare(conn)
        await post_events(conn, book(), [
            defect("u", "2026-03-02T10:00:00+01:00", product="gadget"),
            stop("s", "2026-03-03T10:00:00+01:00"),
        ])  # fmt: skip
    page = await Browser(desk.client, ADA).open("/finance/unpriced")
    assert "Events without a price: 1" in page and "Stops still open: 1" in page
    assert "north/L1" in page and "gadget" in page


async def test_the_rate_book_is_read_and_taken_home(desk: DeskClient, database: str) -> None:
    ada = Browser(desk.client, ADA)
    assert "The rate book is empty" in await ada.open("/finance/rates/book")
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(), "rates.yaml", "test")
    page = await ada.open("/finance/rates/book")
    assert "revision 1" in page and "cost table" in page and "3 a minute" in page
    [excel] = re.findall(r'href="([^"]+format=xlsx)"', page)
    assert (await desk.get(excel)).content.startswith(b"PK")
    some = Browser(desk.client, {"Authorization": "Bearer finance:sue:south"})
    assert "rate-book?" not in await some.open("/finance/rates/book")


async def test_the_rates_of_a_currency_are_shown_with_their_versions(desk: DeskClient) -> None:
    version = (await desk.get("/v1/reporting-currency")).headers["etag"]
    await desk.put("/v1/reporting-currency", json={"currency": "EUR"}, match=version)
    for rate in ("0.0912", "0.0915"):
        file = f"date,currency,rate\n2026-03-02,SEK,{rate}\n"
        await desk.post("/v1/exchange-rates", content=file, name="ecb.csv", why="daily")
    ada = Browser(desk.client, ADA)
    assert 'href="/finance/files/currencies/SEK"' in await ada.open("/finance/files")
    page = await ada.open("/finance/files/currencies/SEK?until=2026-03-05")
    assert "0.0912" in page and "0.0915" in page and "ada, ecb.csv" in page
    assert "No rates from" in await ada.open("/finance/files/currencies/SEK?until=2020-01-01")
    await ada.open("/finance/files/currencies/SEK?until=soon", 422)
