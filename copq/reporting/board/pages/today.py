"""What explains the losses of a production day, for the board: read after its first paint."""

import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from copq.access.sender import encode_lines
from copq.figures.books import Reading
from copq.figures.edges import day_of
from copq.figures.why import ExplainedChange, WhyRequest, answer_why
from copq.figures.window import newest_day
from copq.reporting import parameters as asked
from copq.reporting.board.pages.cells import exact_text, money_text, signed_text
from copq.reporting.formats import as_json
from copq.reporting.source import Source
from copq.web.questions import SOUND

WEEKS = 4
"""The day is compared with the loss for each unit of these weeks before."""

RENEWED_EVERY_S = 300


def add_today(router: APIRouter, source: Source) -> None:
    @router.get("/why/today", include_in_schema=False, dependencies=[SOUND])
    async def today(
        request: Request, plant: asked.Plant = None, line: asked.Line = None,
        group: asked.Group = None, grouping: asked.Grouping = None, day: str = "",
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        async with source.reading(reader) as reading:
            tag = _tag(reading, f"{encode_lines(reader.sender.lines)} {request.url.query}")
            headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
            if request.headers.get("if-none-match") == tag:
                return Response(status_code=304, headers=headers)
            first = day_of(day) or newest_day(reading.book, plant, reading.now)
            request_ = WhyRequest(
                plant=plant, line=line, group=group, grouping=grouping, start=str(first),
                end=str(first + timedelta(days=1)), weeks=WEEKS,
            )  # fmt: skip
            answer = await answer_why(reading.conn, reading.book, request_, reading.now)
        places = {"plant": plant, "line": line, "group": group, "grouping": grouping}
        where = {**places, "from": request_.start, "to": request_.end}
        href = f"/why?{urlencode({n: v for n, v in where.items() if v})}&weeks={WEEKS}"
        changes = [_leading(change) for change in answer.changes if change.before]
        return as_json({"href": href, "changes": changes}, headers)


def _tag(reading: Reading, question: str) -> str:
    """It changes with the rates, and every few minutes; not with every commit, as the answer takes
    longer than the board's figures."""
    ticks = int(reading.now.timestamp() // RENEWED_EVERY_S)
    state = f"{reading.book.revision} {ticks} {question}"
    return f'"{hashlib.sha256(state.encode()).hexdigest()[:24]}"'


def _leading(change: ExplainedChange) -> dict[str, Any]:
    """The losses, what the units made would have lost, and the largest cause."""
    causes = [part for part in change.parts if part.kind == "cause" and part.cause]
    leading = max(causes, key=lambda part: abs(part.change), default=None)
    currency = change.currency
    return {
        "currency": currency, "after": money_text(change.after, currency),
        "expected": money_text(change.expected, currency),
        "exact": exact_text(change.after, currency),
        "cause": leading.cause if leading else None,
        "amount": signed_text(leading.change, currency) if leading else None,
    }  # fmt: skip
