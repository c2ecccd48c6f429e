"""`/v1/pack` and the page `/pack`: the same pack as the command makes."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from copq.access.door import OpenDoor
from copq.figures.pack import PackRequest, answer_pack
from copq.pack.pdf import pack_pdf
from copq.pack.workbook import pack_workbook
from copq.rates.store import load
from copq.reporting.api.app import add_api
from copq.reporting.board.app import add_board
from copq.reporting.source import reading_pool
from copq.web.pages.docs import documented_app
from tests.support.building import book, store_rates
from tests.support.pack import NOW, fill_plant
from tests.support.reporting.api.asking import assert_is_problem


@pytest.fixture
async def client(database: str) -> AsyncIterator[httpx.AsyncClient]:
    pool, app = await reading_pool(database), documented_app("COPQ", "")
    add_board(app, add_api(app, pool, OpenDoor(), lambda: NOW))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as found:
        yield found
    await pool.close()


async def test_the_api_and_the_page_have_the_pack(conn: Any, client: httpx.AsyncClient) -> None:
    await fill_plant(conn)
    await conn.execute("set copq.lines = '*'")
    found = await answer_pack(conn, await load(conn), PackRequest(month="2026-06"), NOW)
    files = {"pdf": pack_pdf(found), "xlsx": pack_workbook(found)}
    for kind, content in files.items():
        answer = await client.get(f"/v1/pack?plant=north&month=2026-06&format={kind}")
        assert answer.content == content
        assert answer.headers["etag"] == f'"{sha256(content).hexdigest()}"'
        assert f"copq-pack-north-2026-06.{kind}" in answer.headers["content-disposition"]
        known = {"if-none-match": answer.headers["etag"]}
        assert (await client.get(str(answer.url), headers=known)).status_code == 304
    last = await client.get("/v1/pack")
    assert (last.json()["plant"], last.json()["month"]) == ("north", "2026-06"), "the last one over"
    table = await client.get("/v1/pack", headers={"accept": "text/csv"})
    assert table.text.splitlines()[0].startswith("month,prevention,")
    page = (await client.get("/pack?plant=north&month=2026-06")).text
    assert "PROVISIONAL" in page and "/v1/pack?plant=north&amp;month=2026-06&amp;format=pdf" in page
    assert "customer scorecards" in page and "What did poor quality cost?" in page


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("month=2026-08", "2026-08 has not begun in north"),
        ("month=June", "2026-03"),
        ("plant=gone", "gone"),
        ("format=docx", "format"),
        ("line=L1", "line"),
    ],
)
async def test_an_impossible_pack_is_refused(
    conn: Any, client: httpx.AsyncClient, question: str, said: str
) -> None:
    await store_rates(conn, book())
    answer = await client.get(f"/v1/pack?{question}")
    assert_is_problem(answer, 422)
    assert said in answer.json()["detail"]
