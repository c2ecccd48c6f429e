"""`/v1/rate-documents`: rates that one person submits and another one approves."""

import asyncio
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from copq.access.door import Role
from copq.access.sender import Lines
from copq.desk import examples
from copq.desk.acts import NOT_DONE, Act, By, Reasoned, json_body, read_act, require_match
from copq.desk.desk import Acting, Desk, Seeing
from copq.desk.once import IDEMPOTENT, Done, do_once
from copq.desk.uploads import FileName, Why, file_body, read_file
from copq.rates import documents as store
from copq.rates.documents import JUMP, Document, NotPossible, RateSubmission, State
from copq.rates.formats import parse_upload
from copq.rates.review import Review, review
from copq.rates.reviewing import changes_json, review_document, review_json
from copq.rates.store import Imported, load
from copq.reporting.formats import as_json

_PATH = "/v1/rate-documents"
Jump = Annotated[
    Decimal,
    Query(ge=0, le=1_000, description="The share above which a change is surprising."),
]
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="Its number.", examples=[2])]
Waiting = Annotated[bool, Query(description="Only drafts, which wait for a decision.")]
Limit = Annotated[int, Query(ge=1, le=1_000, description="The documents of a page.")]
Cursor = Annotated[int | None, Query(ge=1, description="`next` of the previous page.")]


def add_rate_documents(router: APIRouter, desk: Desk) -> None:
    _add_reading(router, desk)
    _add_submitting(router, desk)
    _add_deciding(router, desk)


def _add_reading(router: APIRouter, desk: Desk) -> None:
    @router.get(
        _PATH, summary="Rate documents, the newest first", description=examples.RATE_DOCUMENTS,
        openapi_extra=examples.LIST_RATE_DOCUMENTS.described(),
    )  # fmt: skip
    async def rate_documents(
        request: Request, waiting: Waiting = False, limit: Limit = 100, cursor: Cursor = None
    ) -> Response:
        async with desk.seeing(request, Role.FINANCE) as seeing:
            found = await visible_documents(seeing)
        asked = [
            one for one in reversed(found)
            if (cursor is None or one.number < cursor)
            and not (waiting and one.state is not State.DRAFT)
        ]  # fmt: skip
        rest = len(asked) > limit
        return as_json({
            "at": seeing.now, "rows": [document_json(one) for one in asked[:limit]],
            "next": asked[limit - 1].number if rest else None,
        })  # fmt: skip

    @router.get(
        f"{_PATH}/{{number}}", summary="A rate document, and what it changes",
        openapi_extra=examples.GET_RATE_DOCUMENT.described(),
    )  # fmt: skip
    async def rate_document(request: Request, number: Number) -> Response:
        async with desk.seeing(request, Role.FINANCE) as seeing:
            document = await visible_document(seeing, number)
            found = await review_document(seeing.conn, document, None, seeing.now)
        body = {**document_json(document), **review_json(found)}
        return as_json(body, {"ETag": etag(document, found), "Cache-Control": "no-cache"})

    @router.get(
        f"{_PATH}/{{number}}/file", summary="The bytes of a rate document",
        openapi_extra=examples.GET_RATE_FILE.described(),
    )  # fmt: skip
    async def rate_file(request: Request, number: Number) -> Response:
        async with desk.seeing(request, Role.FINANCE) as seeing:
            document = await visible_document(seeing, number)
            data = await store.original(seeing.conn, number)
        return as_download(document.name, data)


def _add_submitting(router: APIRouter, desk: Desk) -> None:
    @router.post(
        f"{_PATH}/check", summary="What a rate file would change; nothing is stored",
        openapi_extra=examples.CHECK_RATES.described(file_body(examples.RATE_FILE)),
        responses=NOT_DONE,
    )  # fmt: skip
    async def check(request: Request, name: FileName, jump: Jump = JUMP) -> Response:
        await desk.admit(request, Role.FINANCE)
        data = await read_file(request)
        async with desk.seeing(request, Role.FINANCE) as seeing:
            submission = await _submission(name, data)
            await store.check_scope(seeing.conn, submission.rates, seeing.reader)
            found = review(await load(seeing.conn), submission.rates, jump, seeing.now)
        return as_json(review_json(found))

    @router.post(
        _PATH, summary="Submit a rate file as a draft", status_code=201,
        openapi_extra=examples.SUBMIT_RATES.described(file_body(examples.RATE_FILE)),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def submit(
        request: Request, name: FileName, why: Why, jump: Jump = JUMP, by: By = ""
    ) -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        data = await read_file(request)
        async with desk.acting(bearer, by) as acting:
            submission = await _submission(name, data)

            async def act() -> Done:
                return await _submit(acting, submission, why, jump)

            return await do_once(acting, request, submission.original, act)


async def _submission(name: str, data: bytes) -> RateSubmission:
    return await asyncio.to_thread(parse_upload, name, data)


async def submit_rates(
    acting: Acting, submission: RateSubmission, why: str, jump: Decimal
) -> tuple[int, Review]:
    """The number of the new draft, and what it changes. Raises `NotPossible` if it is nothing."""
    found = review(await load(acting.conn), submission.rates, jump, acting.now)
    if not found.changes:
        raise NotPossible(f"{submission.name} changes nothing in the rate book")
    return await store.submit(acting.conn, submission, acting.actor, why, jump), found


async def _submit(acting: Acting, submission: RateSubmission, why: str, jump: Decimal) -> Done:
    number, found = await submit_rates(acting, submission, why, jump)
    document = await store.one_document(acting.conn, number, acting.now)
    headers = {"Location": f"{_PATH}/{number}", "ETag": etag(document, found)}
    return Done({**document_json(document), **review_json(found)}, 201, headers)


def _add_deciding(router: APIRouter, desk: Desk) -> None:
    @router.post(
        f"{_PATH}/{{number}}/approve", summary="Approve what another person submitted",
        openapi_extra=examples.APPROVE_RATES.described(json_body(Act, examples.APPROVE_RATES.text)),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def approve(request: Request, number: Number, by: By = "") -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        said, body = await read_act(request, Act)
        async with desk.acting(bearer, by) as acting:

            async def act() -> Done:
                return await _approve(acting, request, number, said.why)

            return await do_once(acting, request, body, act)

    @router.post(
        f"{_PATH}/{{number}}/reject", summary="Reject a draft, or withdraw your own",
        openapi_extra=examples.REJECT_RATES.described(
            json_body(Reasoned, examples.REJECT_RATES.text)
        ),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def reject(request: Request, number: Number, by: By = "") -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        said, body = await read_act(request, Reasoned)
        async with desk.acting(bearer, by) as acting:

            async def act() -> Done:
                await _matched(acting, request, number)
                await store.reject(acting.conn, number, acting.actor, said.why)
                return Done(document_json(await _document(acting, number)))

            return await do_once(acting, request, body, act)


async def _approve(acting: Acting, request: Request, number: int, why: str) -> Done:
    found = await _matched(acting, request, number)
    imported = await approve_reviewed(acting, number, found, why)
    after = document_json(await _document(acting, number))
    return Done({**after, "changes": changes_json(imported)})


async def _matched(acting: Acting, request: Request, number: int) -> Review:
    """The review of the version that the sender has read. Raises `HTTPException` 412, 428."""
    document, found = await reviewed(acting, number)
    require_match(request, etag(document, found))
    return found


async def reviewed(acting: Acting, number: int) -> tuple[Document, Review]:
    """A document, and its review against the book as it is."""
    document = await _document(acting, number)
    return document, await review_document(acting.conn, document, None, acting.now)


async def approve_reviewed(acting: Acting, number: int, found: Review, why: str) -> Imported:
    """Approve a document of which the actor was shown `found`."""
    concerns = list(map(str, found.concerns))
    return await store.approve(acting.conn, number, acting.actor, why, found.revision, concerns)


async def _document(acting: Acting, number: int) -> Document:
    return await store.one_document(acting.conn, number, acting.now)


async def visible_documents(seeing: Seeing) -> list[Document]:
    """The documents that only change rates of the reader's lines, the oldest first."""
    found = await store.documents(seeing.conn, seeing.now)
    if seeing.lines is None:
        return found
    return [one for one in found if await _is_visible(seeing, one.number, seeing.lines)]


async def visible_document(seeing: Seeing, number: int) -> Document:
    """Raises `NoDocument`, also for one that changes rates of other lines."""
    document = await store.one_document(seeing.conn, number, seeing.now)
    if seeing.lines is not None and not await _is_visible(seeing, number, seeing.lines):
        raise store.no_document(number)
    return document


async def _is_visible(seeing: Seeing, number: int, lines: Lines) -> bool:
    places = store.places_of(await store.content(seeing.conn, number))
    return all(
        plant is None or not lines.isdisjoint({(plant, None), (plant, line)})
        for plant, line in places
    )


def document_json(document: Document) -> dict[str, Any]:
    decision = asdict(document.decision) if document.decision else None
    return {
        "document": document.number, "name": document.name, "state": document.state,
        "submitted_by": document.submitted_by, "submitted_at": document.submitted_at,
        "why": document.why, "jump": document.jump, "decision": decision,
    }  # fmt: skip


def etag(document: Document, found: Review) -> str:
    """Changes with the document's state, and for a draft with the book that it would change."""
    book = found.revision if document.state is State.DRAFT else "-"
    return f'"{document.number}.{document.state.replace(" ", "-")}.{book}"'


def as_download(name: str, data: bytes) -> Response:
    """A file to be saved, never shown: a browser must not run what somebody has sent."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    headers = {
        "Content-Disposition": f'attachment; filename="{plain}"',
        "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
    }  # fmt: skip
    return Response(data, 200, headers, "application/octet-stream")
