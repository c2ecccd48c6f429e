"""The pages `/finance/proofs`: that nothing was changed since; anchors, and the trail as a file."""

from hashlib import sha256
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from copq.access.door import Bearer
from copq.audit.anchoring import newest_anchor
from copq.audit.store import head_of
from copq.desk import jobs
from copq.desk.anchors import ask_to_anchor, ask_to_compare
from copq.desk.desk import Acting
from copq.desk.jobs import Job
from copq.desk.once import Done
from copq.desk.pages.fields import amount_in, filled_model, locale_in
from copq.desk.pages.frame import DeskPages, Refusal, go
from copq.desk.pages.job import add_job_pages
from copq.desk.pages.uploads import read_upload
from copq.desk.repricings import VerifyAct, VerifyAuditAct, ask_for_work, asker
from copq.desk.uploads import Upload
from copq.desk.works import ANCHOR, COMPARE_ANCHORS, VERIFY, VERIFY_AUDIT
from copq.ledger.difference import Difference
from copq.web.answers import Faults
from copq.web.pages.form_fields import read_form

PATH = "/finance/proofs"
_MOST, _RECENT = 200, 10
KINDS = {
    VERIFY_AUDIT: "Proof of the audit trail", VERIFY: "Proof of entries and figures",
    ANCHOR: "Anchor", COMPARE_ANCHORS: "Comparison with a file of anchors",
}  # fmt: skip
_LABELS = {"plant": "Plant", "month": "Month", "sample": "Sample", "expect": "Head"}


def add_proofs(router: APIRouter, pages: DeskPages) -> None:
    _add_asking(router, pages)
    _add_job(router, pages)


def _add_asking(router: APIRouter, pages: DeskPages) -> None:
    @router.get(PATH)
    async def proofs(request: Request) -> Response:
        return await _start(request, pages, await pages.person(request), None, {})

    @router.post(f"{PATH}/compare")
    async def compare(request: Request) -> Response:
        bearer = await pages.person(request)
        try:
            sent = await read_upload(request)
        except HTTPException as error:
            return await _start(request, pages, bearer, Refusal.of(error), {"of": "compare"})
        filled = sent.filled | {"file": sha256(sent.data).hexdigest(), "of": "compare"}
        file = Upload(sent.name, sent.data)

        async def act(acting: Acting) -> int:
            return _number(await ask_to_compare(acting, file, filled.get("why", "")))

        return await _asked(request, pages, bearer, filled, act)

    @router.post(f"{PATH}/{{what}}")
    async def ask(request: Request, what: str) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request) | {"of": what}

        async def act(acting: Acting) -> int:
            if what == "anchor":
                return _number(await ask_to_anchor(acting, filled.get("why", "")))
            kind, said = _said(request, what, filled)
            return _number(await ask_for_work(acting, kind, said))

        return await _asked(request, pages, bearer, filled, act)


def _number(asked: Done) -> int:
    number: int = asked.body["job"]
    return number


async def _asked(
    request: Request, pages: DeskPages, bearer: Bearer, filled: dict[str, str], act: Any
) -> Response:
    refusal, number = await pages.act(request, bearer, filled, act)
    if refusal:
        return await _start(request, pages, bearer, refusal, filled)
    return go(f"{PATH}/{number}")


def _said(request: Request, what: str, filled: dict[str, str]) -> tuple[str, Any]:
    """The kind of work, and what it is asked. Raises `Faults`."""
    if what == "trail":
        fields: dict[str, object] = {"expect": filled.get("expect", "")}
        return VERIFY_AUDIT, filled_model(VerifyAuditAct, fields, _LABELS)
    if what != "figures":
        raise Faults([f'there is no proof "{what}"'])
    sample = amount_in(filled.get("sample", ""), "Sample", locale_in(request))
    fields = {"plant": filled.get("plant", ""), "month": filled.get("month", "")}
    return VERIFY, filled_model(
        VerifyAct, {**fields, "sample": "" if sample is None else sample}, _LABELS
    )


async def _start(
    request: Request, pages: DeskPages, bearer: Bearer, refusal: Refusal | None,
    filled: dict[str, str],
) -> Response:  # fmt: skip
    sees_all = bearer.sender.lines is None
    async with pages.desk.seeing_as(bearer) as seeing:
        found = await jobs.jobs(seeing.conn, 100, asked_by=asker(bearer))
        head = await head_of(seeing.conn) if sees_all else None
        anchor = await newest_anchor(seeing.conn) if sees_all else None
    async with pages.source.reading(bearer) as reading:
        plants = sorted(reading.book.sites)
    recent = [(job, KINDS[job.kind], _verdict(job)) for job in found if job.kind in KINDS]
    return pages.show(
        request, bearer, "proofs.html", PATH, refusal, filled=filled, plants=plants, head=head,
        anchor=anchor, sees_all=sees_all, recent=recent[:_RECENT],
    )  # fmt: skip


def _verdict(job: Job) -> str:
    """The answer in a few words."""
    if job.state != "done":
        return job.state
    answer = job.answer
    if job.kind == ANCHOR:
        return f"anchor {answer['anchor']} is made"
    wrong = len(answer.get("faults", [])) + len(answer.get("differences", []))
    return "all as it was written" if not wrong else f"{wrong:,} differences"


def _add_job(router: APIRouter, pages: DeskPages) -> None:
    async def show(
        request: Request, bearer: Bearer, found: Job, refusal: Refusal | None
    ) -> Response:
        answer = found.answer or {}
        wrong = [
            *(fault["what"] for fault in answer.get("faults", [])),
            *(str(Difference(**one)) for one in answer.get("differences", [])),
        ]
        return pages.show(
            request, bearer, "proof.html", PATH, refusal, job=found, answer=answer,
            title=KINDS[found.kind], is_open=found.state in jobs.OPEN,
            is_anchor=found.kind == ANCHOR, wrong=wrong[:_MOST], number=len(wrong), most=_MOST,
        )  # fmt: skip

    add_job_pages(router, pages, PATH, KINDS, "proof", show)
