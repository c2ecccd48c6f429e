"""`/v1/pack`: the pack for a management review, as PDF, Excel workbook, JSON or CSV."""

import asyncio
import json
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from copq.figures.pack import PackAnswer, PackRequest, answer_pack
from copq.pack.files import KINDS, name_of, pack_file
from copq.pack.pdf import PDF
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.formats import CSV
from copq.reporting.source import Source
from copq.reporting.spreadsheet import lines, rows_as_csv
from copq.text.exact import plain
from copq.text.workbook import XLSX

Form = Literal["json", "csv", "pdf", "xlsx"]
Plant = Annotated[
    str | None,
    asked.Spelt,
    Query(description="The plant; needed where there are several.", examples=["north"]),
]
Month = Annotated[
    str,
    Query(description="The month; by default, the last one that is over.", examples=["2026-06"]),
]
Format = Annotated[
    Form | None, Query(alias="format", description="Instead of the Accept header; else JSON.")
]
_MEDIA: dict[str, str] = {"json": "application/json", "csv": CSV, "pdf": PDF, "xlsx": XLSX}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The pack.",
        "headers": {"ETag": {"description": "Of its bytes.", "schema": {"type": "string"}}},
        "content": {
            "application/json": {"example": examples.PACK_ANSWER},
            CSV: {"schema": {"type": "string"}},
            **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in (PDF, XLSX)},
        },
    },
    304: {"description": "These are the bytes that `If-None-Match` names."},
}


def add_pack(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/pack",
        summary="The pack for a management review",
        description=examples.PACK,
        responses=_RESPONSES,
        response_class=Response,
    )
    async def pack(
        request: Request, plant: Plant = None, month: Month = "", kind: Format = None
    ) -> Response:
        reader = await source.admit(request)
        form = kind or _accepted(request)
        async with source.reading(reader) as reading:
            found = PackRequest(plant=plant, month=month)
            answer = await answer_pack(reading.conn, reading.book, found, reading.now)
        content = await asyncio.to_thread(_content, answer, form)
        return _response(request, answer, form, content)


def _accepted(request: Request) -> Form:
    accepted = request.headers.get("accept", "")
    forms: tuple[Form, ...] = ("pdf", "xlsx", "csv")
    return next((form for form in forms if _MEDIA[form] in accepted), "json")


def _content(answer: PackAnswer, form: Form) -> bytes:
    if form in KINDS:
        return pack_file(answer, form)
    if form == "csv":
        return (lines([answer.columns]) + rows_as_csv(answer.columns, answer.table())).encode()
    return json.dumps(answer.as_json(), default=plain, ensure_ascii=False).encode()


def _response(request: Request, answer: PackAnswer, form: Form, content: bytes) -> Response:
    tag = f'"{sha256(content).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if form != "json":
        headers["Content-Disposition"] = f'attachment; filename="{name_of(answer, form)}"'
    return Response(content, 200, headers, _MEDIA[form])
