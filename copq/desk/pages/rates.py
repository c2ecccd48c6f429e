"""The pages `/finance/rates`: rate documents, checked, submitted by one, decided by another."""

import asyncio

from fastapi import APIRouter, HTTPException, Request, Response

from copq.access.door import Bearer
from copq.desk.acts import require_version
from copq.desk.desk import Acting, Seeing
from copq.desk.kept import keep_upload, kept_upload
from copq.desk.pages.frame import DeskPages, Refusal, go
from copq.desk.pages.uploads import read_upload
from copq.desk.rate_documents import (
    approve_reviewed,
    etag,
    reviewed,
    submit_rates,
    visible_document,
    visible_documents,
)
from copq.rates import documents as store
from copq.rates.documents import JUMP, Document, NotPossible, RateSubmission, State
from copq.rates.figure_text import money_of
from copq.rates.formats import parse_upload
from copq.rates.review import Review, review
from copq.rates.reviewing import figure_changes, past_text, review_document
from copq.rates.store import load
from copq.web.pages.form_fields import read_form

PATH = "/finance/rates"


def add_rates(router: APIRouter, pages: DeskPages) -> None:
    _add_list(router, pages)
    _add_upload(router, pages)
    _add_document(router, pages)
    _add_book(router, pages)


def _add_list(router: APIRouter, pages: DeskPages) -> None:
    @router.get(PATH)
    async def documents(request: Request) -> Response:
        bearer = await pages.person(request)
        return await _list(request, pages, bearer)


async def _list(
    request: Request, pages: DeskPages, bearer: Bearer, refusal: Refusal | None = None
) -> Response:
    async with pages.desk.seeing(request, pages.role) as seeing:
        found = await visible_documents(seeing)
    found.reverse()
    drafts = [one for one in found if one.state is State.DRAFT]
    return pages.show(
        request, bearer, "rates.html", PATH, refusal, drafts=drafts,
        decided_documents=[one for one in found if one.state is not State.DRAFT], jump=JUMP,
    )  # fmt: skip


def _add_book(router: APIRouter, pages: DeskPages) -> None:
    @router.get(f"{PATH}/book")
    async def book(request: Request) -> Response:
        bearer = await pages.person(request)
        async with pages.source.reading(bearer) as reading:
            found = reading.book
        items = sorted(found.named_items(), key=lambda one: (one[0], one[1], one[2].version))
        rows = [
            (kind, name, f"{of.item.effective_from:%Y-%m-%d %H:%M %z}", money_of(of.item),
             str(of.version))
            for kind, name, of in items
        ]  # fmt: skip
        plants = [site.plant for site in found.sites.values()]
        return pages.show(
            request, bearer, "rate_book.html", PATH, rows=rows, plants=plants,
            revision=found.revision, sees_all=bearer.sender.lines is None,
        )  # fmt: skip


def _add_upload(router: APIRouter, pages: DeskPages) -> None:
    @router.post(f"{PATH}/check")
    async def check(request: Request) -> Response:
        bearer = await pages.person(request)
        try:
            upload = await read_upload(request)
            async with pages.desk.seeing(request, pages.role) as seeing:
                submission = await asyncio.to_thread(parse_upload, upload.name, upload.data)
                await store.check_scope(seeing.conn, submission.rates, seeing.reader)
                found = review(await load(seeing.conn), submission.rates, JUMP, seeing.now)
                kept = await keep_upload(seeing.conn, _who(bearer), upload.name, upload.data)
        except HTTPException as error:
            return await _list(request, pages, bearer, Refusal.of(error))
        return _show_check(request, pages, bearer, upload.name, kept, found)

    @router.post(f"{PATH}/submit")
    async def submit(request: Request) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)

        async def act(acting: Acting) -> int:
            name, data = await kept_upload(acting.conn, _who(bearer), filled.get("upload", ""))
            submission = await asyncio.to_thread(parse_upload, name, data)
            return await submit_document(acting, submission, filled.get("why", ""))

        refusal, number = await pages.act(request, bearer, filled, act)
        if refusal:
            return await _list(request, pages, bearer, refusal)
        return go(f"{PATH}/{number}", "submitted")


async def submit_document(acting: Acting, submission: RateSubmission, why: str) -> int:
    """The number of the new draft. Raises `NotPossible` without a reason or a change."""
    if not why.strip():
        raise NotPossible("say why the rates change: the approver and the auditor read it")
    number, _ = await submit_rates(acting, submission, why, JUMP)
    return number


def _show_check(
    request: Request, pages: DeskPages, bearer: Bearer, name: str, kept: str, found: Review
) -> Response:
    return pages.show(
        request, bearer, "rate_check.html", PATH, file=name, upload=kept, review=found,
        differences=figure_changes(found.changes),
        past=past_text(found.past) if found.past else "",
    )  # fmt: skip


def _who(bearer: Bearer) -> str:
    return bearer.sender.name or ""


def _add_document(router: APIRouter, pages: DeskPages) -> None:
    @router.get(f"{PATH}/{{number:int}}")
    async def document(request: Request, number: int) -> Response:
        bearer = await pages.person(request)
        return await _document(request, pages, bearer, number)

    @router.post(f"{PATH}/{{number:int}}/{{decision}}")
    async def decide(request: Request, number: int, decision: str) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)

        async def act(acting: Acting) -> None:
            await _decide(acting, number, decision, filled)

        refusal, _ = await pages.act(request, bearer, filled, act)
        if refusal:
            return await _document(request, pages, bearer, number, refusal, filled)
        return go(f"{PATH}/{number}", decision)


async def _decide(acting: Acting, number: int, decision: str, filled: dict[str, str]) -> None:
    document, found = await reviewed(acting, number)
    require_version([filled.get("version", "")], etag(document, found))
    why = filled.get("why", "")
    if decision == "approve":
        await approve_reviewed(acting, number, found, why)
    elif decision == "reject":
        if not why.strip():
            raise NotPossible("say why it is rejected: its submitter reads it")
        await store.reject(acting.conn, number, acting.actor, why)
    else:
        raise HTTPException(404, f'there is no decision "{decision}"')


async def _document(
    request: Request, pages: DeskPages, bearer: Bearer, number: int,
    refusal: Refusal | None = None, filled: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    async with pages.desk.seeing(request, pages.role) as seeing:
        document, found = await _reviewed(seeing, number)
    return pages.show(
        request, bearer, "rate_document.html", PATH, refusal, document=document, review=found,
        differences=figure_changes(found.changes),
        past=past_text(found.past) if found.past else "", version=etag(document, found),
        is_own=document.submitted_by == _who(bearer), filled=filled or {},
    )  # fmt: skip


async def _reviewed(seeing: Seeing, number: int) -> tuple[Document, Review]:
    document = await visible_document(seeing, number)
    return document, await review_document(seeing.conn, document, None, seeing.now)
