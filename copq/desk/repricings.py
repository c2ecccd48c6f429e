"""`/v1/repricings` and other long work, and `/v1/jobs`, which say how far each is."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from pydantic import Field

from copq.access.door import Bearer, Role
from copq.audit.trail import Head
from copq.desk import examples, jobs
from copq.desk.acts import NOT_DONE, Act, By, json_body, read_act
from copq.desk.desk import Acting, Desk
from copq.desk.jobs import Job
from copq.desk.once import IDEMPOTENT, Done, answer_act
from copq.desk.samples import Sample
from copq.desk.works import PLAN, REPRICE, VERIFY, VERIFY_AUDIT
from copq.figures.edges import day_of
from copq.figures.names import check_names
from copq.periods.period import PeriodError, month_of
from copq.rates.store import load
from copq.reporting.formats import as_json
from copq.repricing import runs
from copq.repricing.answers import run_json
from copq.schemas.fields import Identifier
from copq.web.answers import Faults

_JOBS, _REPRICINGS = "/v1/jobs", "/v1/repricings"
AGAIN_S = {"Retry-After": "1"}
Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="Its number.", examples=[1])]
Limit = Annotated[int, Query(ge=1, le=1_000, description="The rows of a page.")]
Cursor = Annotated[
    int | None, Query(ge=1, le=2**63 - 1, description="`next` of the previous page.")
]


class RepricingPlanAct(Act):
    """As `copq reprice --plan`."""

    plant: Identifier | None = None
    product: Identifier | None = None
    first: str = Field(
        "", alias="from", description="The first production day, or month.", examples=["2026-03"]
    )
    until: str = Field("", alias="to", description="The day after the last one.")


class RepricingAct(RepricingPlanAct):
    """As `copq reprice --apply`."""

    why: str = Field(min_length=1, description="Why; kept with the repricing.")


class VerifyAct(Act):
    """As `copq verify`."""

    plant: Identifier | None = None
    month: str | None = Field(None, description="Only entries of this month: 2026-03.")
    sample: float | None = Field(None, ge=0.01, le=100, description="Percent of the events.")


class VerifyAuditAct(Act):
    """As `copq audit verify`."""

    expect: str = Field("", description="SEQ:HASH of an earlier proof, to compare with.")


def add_repricings(router: APIRouter, desk: Desk) -> None:
    _add_jobs(router, desk)
    _add_work(
        router,
        desk,
        f"{_REPRICINGS}/plan",
        "Plan a repricing: what would change, in money",
        RepricingPlanAct,
        PLAN,
        examples.PLAN_REPRICING,
    )
    _add_work(
        router,
        desk,
        _REPRICINGS,
        "Reprice booked events after rates have changed",
        RepricingAct,
        REPRICE,
        examples.REPRICE,
    )
    _add_work(
        router,
        desk,
        "/v1/verify",
        "Compute all entries and figures again, and compare",
        VerifyAct,
        VERIFY,
        examples.VERIFY,
    )
    _add_work(router, desk, "/v1/audit/verify", "Prove that the audit trail is whole",
              VerifyAuditAct, VERIFY_AUDIT, examples.VERIFY_AUDIT)  # fmt: skip

    @router.get(
        _REPRICINGS, summary="Repricings, the newest first",
        openapi_extra=examples.LIST_REPRICINGS.described(),
    )  # fmt: skip
    async def repricings(request: Request, limit: Limit = 20) -> Response:
        async with desk.seeing(request, Role.FINANCE) as seeing:
            found = await runs.newest(seeing.conn, limit)
            rows = [
                run_json(run, await runs.changes_of(seeing.conn, run))
                for run in found
                if seeing.lines is None or (run.asked.plant, None) in seeing.lines
            ]
        return as_json({"rows": rows})


def _add_work(
    router: APIRouter, desk: Desk, path: str, summary: str, model: type[Any], kind: str,
    sample: Sample,
) -> None:  # fmt: skip
    @router.post(
        path, summary=summary, operation_id=kind, status_code=202,
        description=f"{model.__doc__} {examples.LONG_WORK}",
        openapi_extra=sample.described(json_body(model, sample.text)),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def work(request: Request, by: By = "") -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        said, body = await read_act(request, model)
        return await answer_act(
            desk, request, bearer, by, body, lambda acting: ask_for_work(acting, kind, said)
        )


async def ask_for_work(acting: Acting, kind: str, said: Any) -> Done:
    """Ask for long work in the caller's transaction: a service does it once that commits.

    Raises `Faults`, `UnknownName`, `OutOfScope`.
    """
    return await add_work(acting, kind, await _request_of(acting, said), said.why)


async def add_work(acting: Acting, kind: str, request: Mapping[str, Any], why: str) -> Done:
    """As `ask_for_work`, for a request that was checked. Raises `OutOfScope`."""
    acting.actor.require([(request.get("plant"), None)])
    job = await jobs.ask_for(acting.conn, kind, request, acting.actor, why)
    return Done(job.as_json(), 202, {"Location": f"{_JOBS}/{job.job}", **AGAIN_S})


async def _request_of(acting: Acting, said: Any) -> Mapping[str, Any]:
    try:
        match said:
            case RepricingPlanAct():
                first, until = day_of(said.first), day_of(said.until)
                if first and until and first >= until:
                    raise ValueError("to must be after from: it is the day after the last day")
                await check_names(
                    acting.conn, await load(acting.conn), said.plant, None, said.product
                )
                return {"plant": said.plant, "product": said.product, "from": first, "to": until}
            case VerifyAct():
                if said.month is not None:
                    month_of(said.month)
                await check_names(acting.conn, await load(acting.conn), said.plant)
                return said.model_dump(exclude={"why"})
            case _:
                if said.expect:
                    Head.parse(said.expect)
                return {"expect": said.expect}
    except (ValueError, PeriodError) as error:
        raise Faults([str(error)]) from error


def _add_jobs(router: APIRouter, desk: Desk) -> None:
    @router.get(
        _JOBS, summary="Long work, the newest first", openapi_extra=examples.LIST_JOBS.described()
    )
    async def list_jobs(request: Request, limit: Limit = 100, cursor: Cursor = None) -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        async with desk.seeing_as(bearer) as seeing:
            found = await jobs.jobs(seeing.conn, limit + 1, cursor, asker(bearer))
        following = found[limit - 1].job if len(found) > limit else None
        return as_json({"rows": [job.as_json() for job in found[:limit]], "next": following})

    @router.get(
        f"{_JOBS}/{{number}}", summary="How far long work is, and its answer",
        description=examples.JOB, openapi_extra=examples.GET_JOB.described(),
    )  # fmt: skip
    async def get_job(request: Request, number: Number) -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        async with desk.seeing_as(bearer) as seeing:
            job = _seen(await jobs.read_job(seeing.conn, number), bearer)
        again = AGAIN_S if job.state in jobs.OPEN else {}
        return as_json(job.as_json(), {"ETag": job.etag, "Cache-Control": "no-cache", **again})

    @router.post(
        f"{_JOBS}/{{number}}/cancel", summary="Cancel long work", description=examples.CANCEL,
        openapi_extra=examples.CANCEL_JOB.described(json_body(Act)), responses=NOT_DONE,
        dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def cancel_job(request: Request, number: Number, by: By = "") -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        said, body = await read_act(request, Act)

        async def act(acting: Acting) -> Done:
            _seen(await jobs.read_job(acting.conn, number), bearer)
            return await cancel(acting, number, said.why)

        return await answer_act(desk, request, bearer, by, body, act)


async def cancel(acting: Acting, number: int, why: str) -> Done:
    """Cancel a job in the caller's transaction. Raises `HTTPException` 409 if it has ended."""
    job = await jobs.cancel(acting.conn, number, acting.actor.name, why or "cancelled")
    if job is None:
        raise HTTPException(409, f"job {number} has ended already")
    return Done(job.as_json())


def asker(bearer: Bearer) -> str | None:
    """Whose jobs a bearer sees: its own where the token is for some lines; None: all."""
    return None if bearer.sender.lines is None else bearer.sender.name


def _seen(job: Job, bearer: Bearer) -> Job:
    whose = asker(bearer)
    if whose is not None and whose != job.actor.name:
        raise jobs.UnknownJob(f"there is no job {job.job}")
    return job
