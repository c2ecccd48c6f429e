"""`/v1/periods/PLANT/MONTH`: a month in detail; closed, reopened and locked by finance."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date
from typing import Annotated

from asyncpg import Connection
from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from copq.access.door import Role
from copq.desk import examples
from copq.desk.acts import NOT_DONE, Act, By, Reasoned, json_body, read_act, require_match
from copq.desk.desk import Acting, Desk
from copq.desk.once import IDEMPOTENT, Done, do_apart, do_once
from copq.desk.samples import Sample
from copq.periods import closing
from copq.periods.answers import PeriodDetail, period_detail
from copq.periods.closing import Order
from copq.periods.period import month_of
from copq.periods.store import site_of, steps
from copq.periods.unfinished import KINDS
from copq.rates.store import load
from copq.reporting.formats import as_json
from copq.web.answers import Faults

_PATH = "/v1/periods/{plant}/{month}"
Plant = Annotated[str, Path(description="The plant.", examples=["north"])]
Month = Annotated[str, Path(description="The month.", examples=["2026-03"])]
STEPS: dict[str, Callable[[Connection, str, date, Order], Awaitable[None]]] = {
    "reopen": closing.reopen, "lock": closing.lock,
}  # fmt: skip


class Closing(Act):
    why: str = Field("month end", description="Why, for the audit trail.")
    accept: list[str] = Field(
        [], description=f"Close it without these: {', '.join(KINDS)}.", examples=[["stops"]]
    )


def add_period_acts(router: APIRouter, desk: Desk) -> None:
    _add_reading(router, desk)
    _add_closing(router, desk)
    _add_step(router, desk, "reopen", "Reopen a closed month", examples.REOPEN)
    _add_step(router, desk, "lock", "Lock a closed month for ever", examples.LOCK)


def _add_reading(router: APIRouter, desk: Desk) -> None:
    @router.get(
        _PATH, summary="A month: its steps, its figures, and what it still lacks",
        openapi_extra=examples.GET_MONTH.described(),
    )  # fmt: skip
    async def detail(request: Request, plant: Plant, month: Month) -> Response:
        async with desk.seeing(request, Role.FINANCE) as seeing:
            seeing.require(plant)
            book = await load(seeing.conn)
            found = await period_detail(seeing.conn, book, plant, month_of(month), seeing.now)
        return as_json(found.as_json(), {"ETag": etag(found), "Cache-Control": "no-cache"})


def _add_closing(router: APIRouter, desk: Desk) -> None:
    @router.post(
        f"{_PATH}/close", summary="Close a month that has ended, and sign off its figures",
        openapi_extra=examples.CLOSE.described(json_body(Closing, examples.CLOSE.text)),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def close(request: Request, plant: Plant, month: Month, by: By = "") -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        said, body = await read_act(request, Closing)
        if wrong := [kind for kind in said.accept if kind not in KINDS]:
            raise Faults([f'accept: "{wrong[0]}" is none of {", ".join(KINDS)}'])
        async with desk.acting(bearer, by) as acting:

            async def act() -> Done:
                return await _close(acting, request, plant, month_of(month), said)

            return await do_apart(acting, request, body, act)


async def _close(acting: Acting, request: Request, plant: str, month: date, said: Closing) -> Done:
    book = await load(acting.conn)
    found = await period_detail(acting.conn, book, plant, month, acting.now)
    if not found.is_half_closed:  # a closing that was killed is finished by sending it again
        require_match(request, etag(found))
    step = await closing.close_or_sign(
        acting.conn, site_of(book, plant), month, Order(acting.actor, said.why), acting.now,
        said.accept,
    )  # fmt: skip
    return Done(asdict(step))


def _add_step(router: APIRouter, desk: Desk, name: str, summary: str, sample: Sample) -> None:
    @router.post(
        f"{_PATH}/{name}", summary=summary, operation_id=f"{name}_period",
        openapi_extra=sample.described(json_body(Reasoned, sample.text)),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def step(request: Request, plant: Plant, month: Month, by: By = "") -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        said, body = await read_act(request, Reasoned)
        async with desk.acting(bearer, by) as acting:
            book = await load(acting.conn)
            site_of(book, plant)
            first = month_of(month)
            found = await period_detail(acting.conn, book, plant, first, acting.now)

            async def act() -> Done:
                require_match(request, etag(found))
                await STEPS[name](acting.conn, plant, first, Order(acting.actor, said.why))
                return Done(asdict((await steps(acting.conn, plant, first))[-1]))

            return await do_once(acting, request, body, act)


def etag(found: PeriodDetail) -> str:
    """Changes with each step of the month."""
    return f'"{found.period.plant}.{found.period.month:%Y-%m}.{len(found.steps)}"'
