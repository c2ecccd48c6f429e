"""The page `/pack`: what the pack of a plant and month holds, and its files."""

from typing import Any, NamedTuple

from copq.figures.books import Reading
from copq.figures.pack import PackAnswer, PackRequest, answer_pack
from copq.pack.contents import contents
from copq.pack.pages.decisions import NOT_HELD
from copq.periods.period import month_name
from copq.reporting.board.pages.asked import Asked, query_of
from copq.reporting.board.pages.frame import Analysis

PARAMETERS = ("plant", "month")
_PLACES = {
    "What did poor quality cost?": "/report", "What drove the change?": "/why",
    "Which problems cost most?": "/problems", "What do the improvement projects save?": "/projects",
}  # fmt: skip
"""The pages of questions that the pack answers in short."""


class _Read(NamedTuple):
    answer: PackAnswer


async def _read(reading: Reading, asked: Asked) -> _Read:
    plant = asked.name("plant") or min(reading.book.sites)
    request = PackRequest(plant=plant, month=asked.text("month"))
    return _Read(await answer_pack(reading.conn, reading.book, request, reading.now))


def _show(_: Asked, read: _Read) -> dict[str, Any]:
    answer = read.answer
    shown, query = contents(answer), answer.query
    of = {"plant": query.plant, "month": month_name(query.month)}
    return {
        "about": f"{shown['plant']}, {shown['month']}", "pack": shown, "of": of,
        "pages": [{**page, "href": _PLACES.get(page["heading"], "")} for page in shown["pages"]],
        "files": {kind: f"/v1/pack?{query_of({**of, 'format': kind})}" for kind in ("pdf", "xlsx")},
        "not_held": NOT_HELD, "remarks": [],
    }  # fmt: skip


PACK = Analysis("/pack", "pack.html", "/v1/pack", PARAMETERS, _read, _show, has_workbook=True)
