"""An answer as JSON or as CSV, whichever is asked for; both streamed, both exact."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from copq.reporting.exact import plain
from copq.reporting.spreadsheet import cell, lines

CSV = "text/csv"
_NEVER_KEPT = {"Cache-Control": "no-store"}


def wants_csv(request: Request, named: str | None) -> bool:
    """By `format`, else by the Accept header."""
    if named is not None:
        return named == "csv"
    return CSV in request.headers.get("accept", "")


def as_json(value: Any, headers: Mapping[str, str] = _NEVER_KEPT, status: int = 200) -> Response:
    """Money and quantities as strings: no float ever touches them."""
    text = json.dumps(value, default=plain, ensure_ascii=False)
    return Response(text, status, dict(headers), "application/json")


def as_csv(name: str, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Response:
    """A table with a header; `name` is what a browser saves it as."""

    async def chunks() -> AsyncIterator[Iterable[Mapping[str, Any]]]:
        yield rows

    return stream_csv(name, chunks(), columns)


def stream_csv(
    name: str, chunks: AsyncIterator[Iterable[Mapping[str, Any]]], columns: Sequence[str]
) -> Response:
    """As `as_csv`, from rows that come bit by bit."""

    async def text() -> AsyncIterator[str]:
        yield lines([columns])
        async for rows in chunks:
            yield lines([[cell(row.get(column)) for column in columns] for row in rows])

    said = {**_NEVER_KEPT, "Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(text(), 200, said, f"{CSV}; charset=utf-8")
