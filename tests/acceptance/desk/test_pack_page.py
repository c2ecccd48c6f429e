"""The page of the review pack in a browser: a plant and a month are chosen, and files are taken."""

import io
import re
from pathlib import Path

import openpyxl
import pytest
from playwright.async_api import Page, expect

from copq.access.requests import COOKIE
from tests.support.board.printed import text_of
from tests.support.board.watched import PATIENCE_MS, Watched
from tests.support.desk.at_work import AtWork, fill

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
expect.set_options(timeout=PATIENCE_MS)
MIA = {"Authorization": "Bearer manager:mia"}


async def choose(page: Page, month: str) -> None:
    await page.get_by_label("Month", exact=True).fill(month)
    await page.get_by_role("button", name="Show").click()


async def taken(page: Page, link: str) -> tuple[str, bytes]:
    """The file behind a link, as the browser saves it."""
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name=link).click()
    download = await waiting.value
    return download.suggested_filename, Path(await download.path()).read_bytes()


async def test_a_pack_is_chosen_read_and_taken_as_pdf_and_workbook(
    site: AtWork, window: Watched, database: str
) -> None:
    await fill(database)
    # A browser takes files with its cookies, not with a test's own headers.
    await window.context.add_cookies([{"name": COOKIE, "value": "manager:mia", "url": site.url}])
    page = await window.open("pack")
    main = page.get_by_role("main")
    for month, name, state in (
        ("2026-02", "February 2026", "PROVISIONAL"), ("2026-01", "January 2026", "SIGNED"),
    ):  # fmt: skip
        await choose(page, month)
        await expect(main).to_contain_text(f"north, {name}")
        await expect(page.get_by_role("heading", name=re.compile(state))).to_be_visible()
        assert await page.get_by_label("Month", exact=True).input_value() == month
        for link, kind in (("Download the PDF", "pdf"), ("Download the workbook", "xlsx")):
            file, data = await taken(page, link)
            assert file == f"copq-pack-north-{month}.{kind}"
            query = {"plant": "north", "month": month, "format": kind}
            asked = await site.client.get("/v1/pack", params=query, headers=MIA)
            assert asked.content == data
            if kind == "pdf":
                assert state.lower() in text_of(data).lower() and name in text_of(data)
            else:
                assert openpyxl.load_workbook(io.BytesIO(data)).sheetnames


async def test_what_cannot_be_chosen_is_said(site: AtWork, window: Watched, database: str) -> None:
    page = await window.open("login")
    await page.set_extra_http_headers(MIA)
    await page.goto(site.url + "/pack")
    await expect(page.get_by_text("There are no rates yet")).to_be_visible()
    await fill(database)
    for query, words in (
        ("plant=nort", 'did you mean "north"'), ("plant=north&month=2099-01", "2099-01"),
    ):  # fmt: skip
        answer = await page.goto(f"{site.url}/pack?{query}")
        assert answer is not None and answer.status == 422
        await expect(page.get_by_role("alert")).to_contain_text(words)
        await page.get_by_role("link", name="Start again without a selection").click()
        await expect(page.get_by_role("link", name="Download the PDF")).to_be_visible()
    await page.set_extra_http_headers({"Authorization": "Bearer operator:olga"})
    refused = await page.goto(f"{site.url}/pack?plant=north&month=2026-01")
    assert refused is not None and refused.status == 403
    await page.set_extra_http_headers({"Authorization": "Bearer manager:max:south"})
    await page.goto(f"{site.url}/pack?plant=north&month=2026-01")
    await expect(page.get_by_role("main")).not_to_contain_text("120.00")  # of other lines
