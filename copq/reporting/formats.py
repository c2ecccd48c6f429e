"""Answers as JSON or CSV, as requested; both are exact, and CSV is streamed."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from copq.reporting.spreadsheet import lines, rows_as_csv
from copq.text.exact import plain
from copq.text.workbook import XLSX

CSV = "text/csv"
_CHUNK = 1_000
"""The rows that are written at once; other requests are answered in between."""

_NEVER_KEPT = {"Cache-Control": "no-store"}


def form_of(request: Request, named: str | None) -> str:
    """json, csv or xlsx, by `format`, else by the Accept header."""
    if named is not None:
        return named
    accepted = request.headers.get("accept", "")
    return "xlsx" if XLSX in accepted else "csv" if CSV in accepted else "json"


def never_kept(file: str) -> dict[str, str]:
    """The headers of an answer that a browser saves under this name."""
    return {**_NEVER_KEPT, "Content-Disposition": f'attachment; filename="{file}"'}


def as_excel(name: str, file: bytes) -> Response:
    return Response(file, 200, never_kept(f"{name}.xlsx"), XLSX)


def wants_csv(request: Request, named: str | None) -> bool:
    """Whether the request wants CSV, by `format`, else by the Accept header."""
    if named is not None:
        return named == "csv"
    return CSV in request.headers.get("accept", "")


def as_json(value: Any, headers: Mapping[str, str] = _NEVER_KEPT, status: int = 200) -> Response:
    """A JSON answer. Money and quantities are strings, never floats."""
    text = json.dumps(value, default=plain, ensure_ascii=False)
    return Response(text, status, dict(headers), "application/json")


def as_csv(name: str, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Response:
    """A table with a header; `name` is the file name for a browser."""

    async def chunks() -> AsyncIterator[Iterable[Mapping[str, Any]]]:
        rest = iter(rows)
        while chunk := list(islice(rest, _CHUNK)):
            yield chunk

    return stream_csv(name, chunks(), columns)


def stream_csv(
    name: str, chunks: AsyncIterator[Iterable[Mapping[str, Any]]], columns: Sequence[str]
) -> Response:
    """`as_csv` for rows that arrive in chunks."""

    async def text() -> AsyncIterator[str]:
        yield lines([columns])
        async for rows in chunks:
            yield rows_as_csv(columns, rows)

    return StreamingResponse(text(), 200, never_kept(f"{name}.csv"), f"{CSV}; charset=utf-8")
