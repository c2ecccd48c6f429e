"""The page `/finance/audit`: who decided what, when and why, with filters."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from copq.audit.store import audited_tables, newest_rows
from copq.audit.trail import AuditRow, change_texts
from copq.desk.pages.frame import DeskPages, Refusal

PATH = "/finance/audit"
_MOST = 200
_LONGEST = 200


def add_trail(router: APIRouter, pages: DeskPages) -> None:
    @router.get(PATH)
    async def trail(request: Request) -> Response:
        bearer = await pages.person(request)
        asked = {name: request.query_params.get(name, "") for name in ("table", "who", "since")}
        since, refusal = _since(asked["since"])
        rows: list[AuditRow] = []
        async with pages.desk.seeing(request, pages.role) as seeing:
            seeing.require_all()
            tables = await audited_tables(seeing.conn)
            if asked["table"] and asked["table"] not in tables:
                refusal = Refusal(422, (f'The trail has no table "{asked["table"]}".',))
            if refusal is None:
                subject = f"copq.{asked['table']}" if asked["table"] else None
                who = asked["who"] or None
                rows = await newest_rows(seeing.conn, subject, who, since, _MOST)
        return pages.show(
            request, bearer, "audit.html", PATH, refusal, rows=list(map(_row, rows)),
            tables=tables, asked=asked, most=_MOST,
        )  # fmt: skip


def _since(text: str) -> tuple[datetime | None, Refusal | None]:
    if not text:
        return None, None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None, Refusal(422, (f'"{text}" is not a day such as 2026-03-01.',))
    return at if at.tzinfo else at.replace(tzinfo=UTC), None


def _row(row: AuditRow) -> dict[str, Any]:
    return {
        "seq": row.seq, "at": f"{row.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}", "who": row.who,
        "what": f"{row.action} {row.subject.removeprefix('copq.')}",
        "changes": list(change_texts(row, _LONGEST).items()),
        "why": row.why or "–", "from": f"{row.client} {row.application}",
    }  # fmt: skip
