"""One way from a request to its answer: admitted, read in one snapshot, as JSON or as a table."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from fastapi import Request, Response

from copq.figures.books import Reading
from copq.reporting import parameters as asked
from copq.reporting.formats import as_csv, as_excel, as_json, form_of
from copq.reporting.source import Source
from copq.text.workbook import Sheet, rows_sheet, workbook


class TableAnswer(Protocol):
    """An answer that is a table, too."""

    @property
    def columns(self) -> Sequence[str]: ...

    def table(self) -> Iterable[dict[str, Any]]:
        """The rows of `columns`."""
        ...

    def as_json(self) -> dict[str, Any]: ...


Answer = TypeVar("Answer", bound=TableAnswer)


async def answer_request(
    source: Source, request: Request, kind: str | None, limit: int | None, name: str,
    ask: Callable[[Reading, int | None], Awaitable[Answer]],
    sheets: Callable[[Answer], Sequence[Sheet]] | None = None,
) -> Response:  # fmt: skip
    """The answer of `ask` to a reader, in the format of the request; `name` is the file's.

    `ask` gets the snapshot of what the reader may see, and how many rows the answer has at most:
    `limit`; without one, all of them in a table (None) and `ROWS` in JSON. A `ValueError` of it
    refuses the question. An Excel file has the `sheets` of the answer, else its table.
    """
    reader = await source.admit(request)
    form = form_of(request, kind)
    async with source.reading(reader) as reading:
        answer = await ask(reading, limit or asked.ROWS if form == "json" else limit)
        file = await asyncio.to_thread(_workbook, answer, name, sheets) if form == "xlsx" else b""
    if form == "xlsx":
        return as_excel(name, file)
    if form == "csv":
        return as_csv(name, answer.table(), answer.columns)
    return as_json(answer.as_json())


def _workbook(
    answer: Answer, name: str, sheets: Callable[[Answer], Sequence[Sheet]] | None
) -> bytes:
    whole = sheets(answer) if sheets else [rows_sheet(name, answer.columns, answer.table())]
    return workbook(whole)
