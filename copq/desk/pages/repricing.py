"""The pages `/finance/repricing`: a plan in money, applied after it was seen, with its progress."""

import asyncio
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from copq.access.door import Bearer
from copq.desk import jobs
from copq.desk.acts import require_version
from copq.desk.desk import Acting
from copq.desk.jobs import Job
from copq.desk.pages.frame import DeskPages, Refusal, go
from copq.desk.pages.job import add_job_pages
from copq.desk.repricings import (
    RepricingAct,
    RepricingPlanAct,
    ask_for_work,
    asker,
)
from copq.desk.works import PLAN, REPRICE
from copq.rates.file import RateFileError
from copq.rates.store import current_revision
from copq.reporting.board.pages.cells import exact_text, signed_text
from copq.repricing import runs
from copq.web.pages.form_fields import read_form

PATH = "/finance/repricing"
_COSTS = {"copq": "COPQ", "other CoQ": "other CoQ", "base": "base"}


def add_repricing(router: APIRouter, pages: DeskPages) -> None:
    _add_asking(router, pages)
    _add_job(router, pages)


def _add_asking(router: APIRouter, pages: DeskPages) -> None:
    @router.get(PATH)
    async def repricing(request: Request) -> Response:
        return await _start(request, pages, await pages.person(request))

    @router.post(PATH)
    async def ask(request: Request) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)

        async def act(acting: Acting) -> int:
            kind, said = _asked(filled)
            if kind == REPRICE:
                revision = str(await current_revision(acting.conn))
                require_version([filled.get("revision", "")], revision)
            number: int = (await ask_for_work(acting, kind, said)).body["job"]
            return number

        refusal, number = await pages.act(request, bearer, filled, act)
        if refusal:
            return await _start(request, pages, bearer, refusal, filled)
        return go(f"{PATH}/{number}")


def _asked(filled: dict[str, str]) -> tuple[str, RepricingPlanAct]:
    given = {name: value for name in ("plant", "product", "from", "to")
             if (value := filled.get(name, ""))}  # fmt: skip
    try:
        if filled.get("what") == "apply":
            return REPRICE, RepricingAct.model_validate({**given, "why": filled.get("why", "")})
        return PLAN, RepricingPlanAct.model_validate(given)
    except ValidationError as error:
        if any(one["loc"] == ("why",) for one in error.errors()):
            raise RateFileError(["say why it is repriced: auditors read it"]) from None
        raise RateFileError([str(one["msg"]) for one in error.errors()]) from None


async def _start(
    request: Request, pages: DeskPages, bearer: Bearer, refusal: Refusal | None = None,
    filled: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    plant = pages.plant(request)
    async with pages.desk.seeing_as(bearer) as seeing:
        recent = await jobs.jobs(seeing.conn, 100, asked_by=asker(bearer))
        done = [
            run for run in await runs.newest(seeing.conn, 20)
            if (seeing.lines is None or (run.asked.plant, None) in seeing.lines)
            and (plant is None or run.asked.plant in (None, plant))
        ]  # fmt: skip
    async with pages.source.reading(bearer) as reading:
        plants = sorted(reading.book.sites)
    return pages.show(
        request, bearer, "repricing.html", PATH, refusal, filled=filled or {"plant": plant or ""},
        plants=plants,
        working=[job for job in recent if job.kind in (PLAN, REPRICE) and job.state in jobs.OPEN],
        runs=done,
    )  # fmt: skip


def _add_job(router: APIRouter, pages: DeskPages) -> None:
    async def show(
        request: Request, bearer: Bearer, found: Job, refusal: Refusal | None
    ) -> Response:
        answer = found.answer or {}
        rows = await asyncio.to_thread(_rows, answer.get("changes", []))
        return pages.show(
            request, bearer, "repricing_job.html", PATH, refusal, job=found, answer=answer,
            rows=rows, is_plan=found.kind == PLAN, is_open=found.state in jobs.OPEN,
            again=_again(found),
        )  # fmt: skip

    add_job_pages(router, pages, PATH, (PLAN, REPRICE), "repricing", show)


def _again(job: Job) -> dict[str, str]:
    """What was planned, to be applied as it is."""
    return {name: str(value) for name, value in job.request.items() if value is not None}


def _rows(changes: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [
        {
            "plant": one["plant"], "product": one["product"] or "–", "month": one["month"],
            "cost": _COSTS.get(one["cost"], one["cost"]), "currency": one["currency"],
            "events": f"{one['events']:,}",
            "before": exact_text(Decimal(one["net_before"]), one["currency"]),
            "after": exact_text(Decimal(one["net_after"]), one["currency"]),
            "difference": signed_text(Decimal(one["difference"]), one["currency"]),
            "month_path": f"/finance/months/{quote(one['plant'], safe='')}/{one['month']}",
        }
        for one in changes
    ]  # fmt: skip
