"""The pages `/quality`: refused events that are fixed and sent again, and corrections."""

import json
from typing import Any

from asyncpg import Record
from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from copq.access.door import Bearer
from copq.desk.acts import require_version
from copq.desk.desk import Acting
from copq.desk.events import (
    CorrectionAct,
    correct,
    etag,
    rejected_event,
    replay_event,
    require_intake,
)
from copq.desk.pages.analysis_links import windows
from copq.desk.pages.frame import DeskPages, Refusal, go
from copq.figures.corrections import list_corrections
from copq.figures.unpriced import waiting_items
from copq.ingest.replaying import is_whole
from copq.posting.rejected import list_rejected
from copq.rates.file import RateFileError
from copq.web.pages.form_fields import read_form

PATH = "/quality"
_MOST = 100
_TOLD, _CORRECTED = 5, 20


def add_quality(router: APIRouter, pages: DeskPages, senders: DeskPages) -> None:
    """`pages` are those of managers; `senders` may correct, since a correction is an event."""
    _add_start(router, pages)
    _add_rejected(router, pages)
    _add_corrections(router, senders)


def _add_start(router: APIRouter, pages: DeskPages) -> None:
    @router.get(PATH)
    async def quality(request: Request) -> Response:
        bearer = await pages.person(request)
        plant = pages.plant(request)
        async with pages.source.reading(bearer) as reading:
            waiting = await waiting_items(reading.conn, reading.book, reading.now, _TOLD, plant)
            corrected = await list_corrections(reading.conn, limit=_CORRECTED, plant=plant)
            analyses = [
                one for one in windows(reading.book, reading.now) if plant in (None, one.plant)
            ]
        rejected: list[Record] | None = None
        if bearer.sender.lines is None:
            async with pages.desk.seeing_as(bearer) as seeing:
                rejected = await list_rejected(seeing.conn, replayed=False, limit=_MOST)
        return pages.show(
            request,
            bearer,
            "quality.html",
            PATH,
            rejected=rejected,
            waiting=waiting,
            most=_MOST,
            corrected=corrected,
            analyses=analyses,
        )


def _add_rejected(router: APIRouter, pages: DeskPages) -> None:
    @router.get(f"{PATH}/rejected/{{number:int}}")
    async def rejected(request: Request, number: int) -> Response:
        return await _rejected(request, pages, await pages.person(request), number)

    @router.post(f"{PATH}/rejected/{{number:int}}/replay")
    async def replay(request: Request, number: int) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)

        async def act(acting: Acting) -> Any:
            row = await rejected_event(acting.conn, bearer, number)
            require_version([filled.get("version", "")], etag(row))
            fixed = filled.get("event", "").encode() or None
            if fixed is not None and is_whole(row) and fixed == bytes(row["payload"]).strip():
                fixed = None
            intake = require_intake(pages.desk.replaying_for(bearer))
            return (await replay_event(acting, intake, bearer, number, fixed)).body

        refusal, _ = await pages.act(request, bearer, filled, act, apart=True)
        if refusal:
            return await _rejected(request, pages, bearer, number, refusal, filled)
        return go(PATH, "replay")


async def _rejected(
    request: Request, pages: DeskPages, bearer: Bearer, number: int,
    refusal: Refusal | None = None, filled: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    async with pages.desk.seeing_as(bearer) as seeing:
        row = await rejected_event(seeing.conn, bearer, number)
    event = (filled or {}).get("event") or _readable(row)
    return pages.show(
        request, bearer, "rejected.html", PATH, refusal, row=row, event=event, version=etag(row),
        filled=filled or {}, has_intake=pages.desk.replaying is not None,
    )  # fmt: skip


def _readable(row: Record) -> str:
    """The bytes as text, indented where they are JSON."""
    text = bytes(row["payload"] or b"").decode(errors="replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _add_corrections(router: APIRouter, pages: DeskPages) -> None:
    @router.get(f"{PATH}/corrections")
    async def corrections(request: Request, event: str = "") -> Response:
        bearer = await pages.person(request)
        return _corrections(request, pages, bearer, None, {"corrects": event})

    @router.post(f"{PATH}/corrections")
    async def send(request: Request) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)

        async def act(acting: Acting) -> Any:
            intake = require_intake(pages.desk.intake)
            said = _correction(filled)
            return (await correct(acting, intake, bearer, said, filled.get("key"))).body

        refusal, _ = await pages.act(request, bearer, filled, act, apart=True)
        if refusal:
            return _corrections(request, pages, bearer, refusal, filled)
        return go(f"{PATH}/corrections", "corrected")


def _correction(filled: dict[str, str]) -> CorrectionAct:
    given: dict[str, Any] = {
        name: value for name in ("corrects", "reason", "plant", "line")
        if (value := filled.get(name, ""))
    }  # fmt: skip
    try:
        if replacement := filled.get("replacement", ""):
            given["replacement"] = json.loads(replacement)
        return CorrectionAct.model_validate(given)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise RateFileError(faults) from None
    except (ValueError, RecursionError) as error:
        raise RateFileError([f"the replacement is not JSON: {error}"]) from None


def _corrections(
    request: Request, pages: DeskPages, bearer: Bearer, refusal: Refusal | None,
    filled: dict[str, str],
) -> Response:  # fmt: skip
    return pages.show(
        request, bearer, "corrections.html", f"{PATH}/corrections", refusal, filled=filled,
        has_intake=pages.desk.intake is not None,
    )  # fmt: skip
