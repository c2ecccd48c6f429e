"""`/v1/audit`: who decided what, when, from where and why; the whole trail as a file."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from asyncpg import Connection
from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse

from copq.access.door import Role
from copq.audit.anchoring import newest_anchor
from copq.audit.exported import cells_of, line_of, row_json
from copq.audit.store import audited_tables, head_of, newest_rows, next_rows
from copq.audit.trail import AuditRow
from copq.desk import examples
from copq.desk.desk import Desk, Seeing
from copq.rates.names import name_list
from copq.reporting.formats import as_csv, as_json, stream_csv, wants_csv
from copq.reporting.parameters import Format
from copq.schemas.refusal import nearest
from copq.web.answers import Faults

_PATH = "/v1/audit"
_COLUMNS = AuditRow._fields
_AT_ONCE = 500
Table = Annotated[
    str, Query(description="Decisions in this table: token, target, …", examples=["target"])
]
Who = Annotated[str | None, Query(description="Only by this person or token.", examples=["ada"])]
Plant = Annotated[
    str | None,
    Query(description="Only what names this plant. A token of some plants must name one."),
]
From = Annotated[
    str, Query(alias="from", description="From this day (UTC) or instant on.", examples=["2026-03"])
]
To = Annotated[str, Query(alias="to", description="Before this day or instant.")]
Limit = Annotated[int, Query(ge=1, le=10_000, description="The rows of a page.")]
Cursor = Annotated[
    int | None, Query(ge=1, le=2**63 - 1, description="`next` of the previous page.")
]
Export = Annotated[
    Literal["ndjson", "csv"],
    Query(alias="format", description="ndjson can be proved without the database."),
]


def add_audit(router: APIRouter, desk: Desk) -> None:
    @router.get(
        _PATH, summary="Decisions, the newest first", description=examples.AUDIT,
        openapi_extra=examples.LIST_AUDIT.described(),
    )  # fmt: skip
    async def audit(
        request: Request, table: Table = "", who: Who = None, plant: Plant = None,
        start: From = "", end: To = "", kind: Format = None, limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Response:  # fmt: skip
        since, until = _instant("from", start), _instant("to", end)
        async with desk.seeing(request, Role.FINANCE) as seeing:
            _require_scope(seeing, plant)
            subject = await _subject(seeing.conn, table)
            found = await newest_rows(
                seeing.conn, subject, who, since, limit + 1, until=until, plant=plant, before=cursor
            )
        page, following = found[:limit], found[limit - 1].seq if len(found) > limit else None
        if wants_csv(request, kind):
            return as_csv("copq-audit", map(cells_of, page), _COLUMNS)
        return as_json({"rows": [row_json(row) for row in page], "next": following})

    @router.get(
        f"{_PATH}/head", summary="The end of the trail, and the newest anchor",
        description=examples.AUDIT_HEAD, openapi_extra=examples.GET_AUDIT_HEAD.described(),
    )  # fmt: skip
    async def head(request: Request) -> Response:
        async with desk.seeing(request, Role.FINANCE) as seeing:
            _require_scope(seeing, None)
            found, anchor = await head_of(seeing.conn), await newest_anchor(seeing.conn)
        return as_json({"head": str(found), "rows": found.seq, "anchor": anchor})

    @router.get(
        f"{_PATH}/export", summary="The whole trail, the oldest first",
        description=examples.AUDIT_EXPORT, openapi_extra=examples.EXPORT_AUDIT.described(),
    )  # fmt: skip
    async def export(request: Request, kind: Export = "ndjson") -> Response:
        async with desk.seeing(request, Role.FINANCE) as seeing:
            _require_scope(seeing, None)
        if kind == "csv":
            return stream_csv("copq-audit", _chunks(desk), _COLUMNS)
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": 'attachment; filename="copq-audit.ndjson"',
        }
        return StreamingResponse(_lines(desk), 200, headers, "application/x-ndjson")


def _require_scope(seeing: Seeing, plant: str | None) -> None:
    if seeing.lines is not None and plant is None:
        raise HTTPException(403, "you see some lines alone: name a plant of yours")
    if plant is not None:
        seeing.require(plant)


async def _subject(conn: Connection, table: str) -> str | None:
    name = table.removeprefix("copq.")
    if not name:
        return None
    if name not in (known := await audited_tables(conn)):
        hint = nearest(name, known)
        raise Faults([f'the trail has no table "{name}"{hint}; its tables: {name_list(known)}'])
    return f"copq.{name}"


def _instant(name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(f"{text}-01" if len(text) == len("2026-03") else text)
    except ValueError:
        raise Faults([
            f'{name}: "{text}" is not a date: write 2026-03-01, or 2026-03-01T06:00:00+01:00'
        ]) from None  # fmt: skip
    return at if at.tzinfo else at.replace(tzinfo=UTC)


async def _rows(desk: Desk) -> AsyncIterator[list[AuditRow]]:
    """The whole trail, in chunks. While the reader takes one, no connection waits for it."""
    after = 0
    async with desk.connection() as conn:
        last = (await head_of(conn)).seq
    while after < last:
        async with desk.connection() as conn:
            chunk = await next_rows(conn, after, last, _AT_ONCE)
        yield chunk
        after = chunk[-1].seq if chunk else last


async def _chunks(desk: Desk) -> AsyncIterator[Iterable[dict[str, Any]]]:
    async for chunk in _rows(desk):
        yield map(cells_of, chunk)


async def _lines(desk: Desk) -> AsyncIterator[str]:
    async for chunk in _rows(desk):
        yield "".join(f"{line_of(row)}\n" for row in chunk)
