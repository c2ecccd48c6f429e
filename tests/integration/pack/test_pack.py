"""The pack of a plant and month: its figures, its files, who sees what of it."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pikepdf
import pypdfium2
import pytest

from copq.access.sender import encode_lines
from copq.database.connections import DatabaseRole, take_role
from copq.figures.pack import PackAnswer, PackRequest, answer_pack
from copq.figures.problems_answer import ProblemsRequest, answer_problems
from copq.pack.contents import contents
from copq.pack.pdf import pack_pdf
from copq.pack.workbook import pack_workbook
from copq.rates.store import load
from tests.support.building import book, defect, plant, post_events, stop, store_rates
from tests.support.pack import LAST, NOW, RUNNING_NOW, fill_plant, sign, sign_last


async def pack(conn: Any, month: str = "2026-06", now: datetime = NOW) -> PackAnswer:
    return await answer_pack(conn, await load(conn), PackRequest(month=month), now)


def pdf_text(content: bytes) -> list[str]:
    """The words of each page, in one line."""
    document = pypdfium2.PdfDocument(content)
    pages = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    return [" ".join(text.split()) for text in pages]


def cells(content: bytes, sheet: str, *, formulas: bool = False) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=not formulas)
    return list(book[sheet].iter_rows(values_only=True))


async def test_a_pack_answers_as_the_questions_that_it_is_made_of(conn: Any) -> None:
    opened = stop("open", "2026-06-30T20:00:00Z", work_unit="M2", defect_code="jam")
    await fill_plant(conn, more=(opened,))
    found = await pack(conn)
    month = found.month
    assert month is not None and month.copq is not None
    losses = found.losses["EUR"]
    assert losses.net == month.copq, "the problems add up to COPQ, open stops included"
    request = ProblemsRequest(plant="north", month="2026-06")
    ranked = await answer_problems(conn, await load(conn), request, found.at)
    assert [(row.problem, row.function, row.cost) for row in ranked.rows()] == [
        (one.problem.problem, one.problem.function, one.problem.cost) for one in losses.ranked
    ]
    assert not isinstance(found.why, str)
    assert found.why.changes[0].after == month.copq
    assert sum(row.amount or 0 for row in found.by_line.each_row() if row.figure == "copq") == (
        month.copq
    )
    assert (found.trailing.months, found.trailing_before.months) == (12, 2)
    assert month.target == Decimal("0.018") and month.budget == 400
    shown = contents(found)
    assert "Provisional" in shown["status"] and not shown["is_signed"]
    assert found.waits.unpriced.events == 1


async def test_a_signed_month_names_who_signed_and_a_late_event_shows_as_restated(
    conn: Any,
) -> None:
    rates = await fill_plant(conn)
    assert (
        "carla reopened 2026-05 (supplier credit came late)" in (await pack(conn, "2026-05")).status
    )
    await sign_last(conn)
    found = await pack(conn)
    signed = found.signature
    assert signed is not None and signed.closed_by == "carla"
    assert found.status.startswith("Signed by carla on ")
    assert found.month is not None and found.month.restated_since == 0
    assert all(f"SIGNED · {signed.digest[:12]}" in page for page in pdf_text(pack_pdf(found)))
    await post_events(conn, rates, [defect("late", "2026-06-20T10:00:00Z", 3)])
    late = await pack(conn)
    assert late.month is not None and late.month.restated_since == 30
    assert late.signature == signed
    assert "+30.00" in pdf_text(pack_pdf(late))[2]


async def test_a_closed_month_without_figures_is_signed(conn: Any) -> None:
    await store_rates(conn, book(plant("idle")))
    await sign(conn, "idle", LAST)
    request = PackRequest(plant="idle", month="2026-06")
    found = await answer_pack(conn, await load(conn), request, NOW)
    assert found.month is None and found.signature is not None
    assert found.status.startswith("Signed by carla on ")
    assert "SIGNED" in json.dumps(contents(found))


async def test_the_files_are_archival_accessible_and_the_same_each_time(conn: Any) -> None:
    await fill_plant(conn)
    first, second = await pack(conn), await pack(conn, now=NOW.replace(day=28))
    made = pack_pdf(first)
    assert made == pack_pdf(second), "the clock changes nothing"
    assert pack_workbook(first) == pack_workbook(second)
    with pikepdf.open(io.BytesIO(made)) as document, document.open_metadata() as about:
        names = ("pdfaid:part", "pdfaid:conformance", "pdfuaid:part", "dc:title", "xmp:CreateDate")
        claims = {name: about.get(name) for name in names}
        assert claims == {
            "pdfaid:part": "2", "pdfaid:conformance": "A", "pdfuaid:part": "1",
            "dc:title": "Cost of poor quality, north, 2026-06",
            "xmp:CreateDate": "2026-07-01T04:00:00Z",
        }  # fmt: skip
        assert document.Root.Lang == "en" and bool(document.Root.MarkInfo.Marked)
        tags = list(_tags(document.Root.StructTreeRoot))
    assert {"/H1", "/Table", "/TH", "/Figure"} <= {str(tag.get("/S")) for tag in tags}
    assert all(str(tag.get("/Alt", "")) for tag in tags if tag.get("/S") == "/Figure")
    pages = pdf_text(made)
    assert all("PROVISIONAL" in page for page in pages)
    assert "customer scorecards not in this pack" in pages[-1]


def _tags(of: Any) -> Any:
    for child in [of] if not isinstance(of, pikepdf.Array) else of:
        if isinstance(child, pikepdf.Dictionary):
            if "/S" in child:
                yield child
            if "/K" in child:
                yield from _tags(child.K)


async def test_the_workbook_calculates_what_the_pack_says(conn: Any) -> None:
    await fill_plant(conn)
    found = await pack(conn)
    made = pack_workbook(found)
    head, *rows = cells(made, "Months")
    last = dict(zip(head, rows[-1], strict=True))
    assert found.month is not None and found.month.copq is not None
    assert (last["COPQ"], last["over budget"]) == (found.month.copq, found.month.copq - 400)
    assert last["COPQ %"] == pytest.approx(float(found.month.percent or 0))
    assert last["COPQ % of twelve months"] == pytest.approx(float(found.trailing.percent or 0))
    live = dict(zip(head, cells(made, "Months", formulas=True)[-1], strict=True))
    assert live["COPQ"] == "=G15+H15+I15"
    assert str(live["COPQ % of twelve months"]).startswith("=100*SUM(J4:J15)/SUM(")
    assert cells(made, "Lines")[-1][1] == found.month.copq
    assert cells(made, "Problems")[-1][3] == pytest.approx(100)


HOSTILE = ("#panic()", "]", "x" * 64, "=1+1", "חברה בע״מ", "شركة", "中文 😀", "$x$ *b* @ref <l>")


async def test_hostile_names_do_no_harm(conn: Any) -> None:
    """They are text in both files; what no font has is shown by its number."""
    events = [
        defect(f"h{number}", "2026-06-18T10:00:00Z", 100 + number, line=name, defect_code=name,
               supplier=name)
        for number, name in enumerate(HOSTILE)
    ]  # fmt: skip
    await fill_plant(conn, name="north", projects=False, more=tuple(events))
    found = await pack(conn)
    text = " ".join(pdf_text(pack_pdf(found)))
    for shown in ("#panic()", "=1+1", "$x$ *b* @ref <l>", "[4E2D][6587] [1F600]"):
        assert shown in text
    sheet = cells(pack_workbook(found), "Lines", formulas=True)
    assert {row[0] for row in sheet} >= set(HOSTILE)


async def test_a_running_month_is_as_of_its_newest_hour(conn: Any) -> None:
    await fill_plant(conn)
    found = await pack(conn, now=RUNNING_NOW)
    assert found.at == datetime(2026, 6, 15, 11, tzinfo=UTC)
    assert found.status == "Provisional: 2026-06 has not ended yet."
    with pytest.raises(ValueError, match="2026-07 has not begun in north"):
        await pack(conn, "2026-07", RUNNING_NOW)


async def test_a_reader_of_a_line_gets_its_figures_and_nothing_that_was_signed(
    conn: Any,
) -> None:
    await fill_plant(conn)
    await sign_last(conn)
    lines = frozenset({("north", "L1")})
    await take_role(conn, DatabaseRole.REPORTING)
    await conn.execute("select set_config('copq.lines', $1, false)", encode_lines(lines))
    book = (await load(conn)).seen_by(lines)
    found = await answer_pack(conn, book, PackRequest(month="2026-06"), NOW)
    assert {row.cut.values for row in found.by_line.each_row()} == {("L1",)}
    assert not found.is_whole and found.signature is None
    assert found.status == "Of the lines L1 alone, so not what was signed."
    assert found.waits.rejected is None and not found.portfolio.all_rows
    assert not found.steps and {one.target for one in found.months} == {None}
    shown = json.dumps(contents(found))
    assert "L2" not in shown and "SIGNED" not in shown
