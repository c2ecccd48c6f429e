"""`/v1/projects`: proposed by file, moved step by step, claimed by owners, decided by finance."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Request, Response
from pydantic import AfterValidator, Field, StringConstraints

from copq.access.door import Role
from copq.database.connections import DatabaseRole
from copq.desk import examples
from copq.desk.acts import NOT_DONE, Act, By, Reasoned, json_body, read_act, require_match
from copq.desk.desk import Acting, Desk
from copq.desk.once import IDEMPOTENT, Done, answer_act, do_apart
from copq.desk.samples import Sample
from copq.desk.uploads import FileName, Perhaps, file_body, read_file
from copq.figures.project_baseline import measure_baseline
from copq.improvement.projects.plan import BenefitType
from copq.improvement.projects.states import RULES, Step
from copq.improvement.projects.states import Role as Whose
from copq.ledger.arithmetic import ZERO
from copq.periods.period import PeriodError, month_of
from copq.projects import accounts, savings, sizing
from copq.projects.answers import project_json, sized_json
from copq.projects.approving import approve
from copq.projects.file import parse_projects
from copq.projects.order import Order, hold
from copq.projects.proposing import import_projects
from copq.projects.savings import Verdict
from copq.projects.steps import take
from copq.projects.store import UnknownProject
from copq.projects.versions import version_of_project
from copq.rates.file import dotted, validate
from copq.rates.names import unknown_plant
from copq.rates.store import load
from copq.schemas.fields import Currency, Identifier
from copq.schemas.names import canonical
from copq.schemas.projects import InvestmentItem

_PATH = "/v1/projects"
_ONE = f"{_PATH}/{{plant}}/{{name:path}}"
OWNERS = (Role.MANAGER, Role.FINANCE)
OfPlant = Annotated[
    str, AfterValidator(canonical), Path(description="Its plant.", examples=["north"])
]
OfName = Annotated[str, AfterValidator(canonical), Path(description="Its name.", examples=["caps"])]


def _month(text: str) -> str:
    try:
        month_of(text)
    except PeriodError as error:
        raise ValueError(str(error)) from None
    return text


Month = Annotated[str, AfterValidator(_month), Field(examples=["2026-06"])]
Amount = Annotated[
    Decimal, Field(ge=-(10**15), le=10**15, description="In the project's currency.")
]
Named = Annotated[str, StringConstraints(max_length=64), AfterValidator(canonical)]


class OwnAct(Act):
    """Another owner, sponsor or both; empty: as before."""

    owner: Named = ""
    sponsor: Named = ""


class InvestAct(Act):
    """What is put into a project, once or each month; an amount of null takes it away."""

    investment: Identifier = Field(description="What it is for; a known name is restated.")
    amount: Amount | None
    month: str = Field("", description="The month, or the first one of a monthly investment.")
    monthly: bool = False
    last_month: str = Field("", description="The last month of a monthly one.")
    currency: Currency | None = None


class _OfType(Act):
    month: Month
    type: BenefitType = BenefitType.HARD


class ForecastAct(_OfType):
    """What you now expect of a month; the promise stays."""

    amount: Amount


class NonRoutineAct(Reasoned):
    """What happened in a month without being work of the project; what raised the losses is
    positive."""

    month: Month
    amount: Amount
    evidence: str = Field(min_length=1, description="Where finance can check it.")


class SubstituteAct(Reasoned):
    """The baseline of a product for one that the baseline did not make."""

    line: Identifier
    product: Identifier
    like: Identifier = Field(description="The product that it is like.")
    like_line: Named = Field("", description="Its line, if another.")


class DecideAct(Reasoned):
    """Accept or reject a non-routine amount or a substitute."""

    kind: Literal["non-routine", "substitute"]
    number: int = Field(ge=1, le=2**31 - 1)
    decision: Literal["accept", "reject"]


class ShareAct(Reasoned):
    """How projects divide the saving of the cells that exactly these share."""

    first: Month = Field(alias="from")
    shares: dict[Identifier, Annotated[Decimal, Field(ge=0, le=1)]]


class ClaimAct(_OfType):
    """The saving of a month, on its newest bridge; without an amount: its whole net saving."""

    amount: Amount | None = None


class ValidateAct(_OfType):
    """Accept, reduce or reject what is claimed of a closed month."""

    decision: Literal["accept", "reduce", "reject"]
    amount: Amount | None = Field(None, description="What it is reduced to.")
    in_budget: Amount = Field(ZERO, description="How much finance has taken out of the budget.")


@dataclass(frozen=True, slots=True)
class On:
    """The project that an act is about, who orders it and why."""

    acting: Acting
    plant: str
    name: str
    order: Order


Work = Callable[[On, Any], Awaitable[Any]]
"""What an act answers, as JSON."""


@dataclass(frozen=True, slots=True)
class ProjectAct:
    """One act on a project. `alone`: it has transactions of its own."""

    name: str
    summary: str
    model: type[Act]
    work: Work
    sample: Sample
    is_finances: bool = False
    alone: bool = False

    @property
    def roles(self) -> tuple[Role, ...]:
        return (Role.FINANCE,) if self.is_finances else OWNERS

    @property
    def as_role(self) -> DatabaseRole:
        return DatabaseRole.FINANCE if self.is_finances else DatabaseRole.PROJECTS


def _step(step: Step) -> Work:
    async def work(on: On, said: Act) -> Any:
        return project_json(await take(on.acting.conn, on.plant, on.name, step, on.order))

    return work


async def _size(on: On, said: Act) -> Any:
    conn = on.acting.conn
    book = await load(conn)
    return sized_json(
        *await sizing.size(conn, on.plant, on.name, book, measure_baseline, on.order, on.acting.now)
    )


async def _approve(on: On, said: Act) -> Any:
    conn, now = on.acting.conn, on.acting.now
    return sized_json(*await approve(conn, on.plant, on.name, measure_baseline, on.order, now))


async def _own(on: On, said: OwnAct) -> Any:
    if not said.owner and not said.sponsor:
        raise HTTPException(422, "name the new owner, the new sponsor, or both")
    conn = on.acting.conn
    return project_json(
        await accounts.own(conn, on.plant, on.name, said.owner, said.sponsor, on.order)
    )


async def _invest(on: On, said: InvestAct) -> Any:
    conn = on.acting.conn
    if said.amount is None:
        await accounts.withdraw_investment(conn, on.plant, on.name, said.investment, on.order)
        return {"name": said.investment, "investment": None}
    running = said.monthly or bool(said.last_month)
    fields = {
        "name": said.investment, "amount": str(said.amount), "first_month": said.month,
        "last_month": said.last_month, "currency": said.currency,
        "kind": "running" if running else "once",
    }  # fmt: skip
    item = validate({n: v for n, v in fields.items() if v}, InvestmentItem, (), dotted)
    await accounts.invest(conn, on.plant, on.name, item, on.order)
    return {"name": said.investment, "investment": item.model_dump(exclude={"currency"})}


async def _forecast(on: On, said: ForecastAct) -> Any:
    month = month_of(said.month)
    await accounts.forecast(
        on.acting.conn, on.plant, on.name, month, said.type, said.amount, on.order
    )
    return {"month": said.month, "type": said.type, "amount": said.amount}


async def _non_routine(on: On, said: NonRoutineAct) -> Any:
    month = month_of(said.month)
    number = await accounts.add_non_routine(
        on.acting.conn, on.plant, on.name, month, said.amount, said.evidence, on.order
    )
    return {"kind": "non-routine", "number": number}


async def _substitute(on: On, said: SubstituteAct) -> Any:
    place, like = (said.line, said.product), (said.like_line or said.line, said.like)
    conn = on.acting.conn
    number = await accounts.add_substitute(conn, on.plant, on.name, place, like, on.order)
    return {"kind": "substitute", "number": number}


async def _decide(on: On, said: DecideAct) -> Any:
    kind = said.kind.replace("-", "_")
    await accounts.decide(
        on.acting.conn, on.plant, on.name, kind, said.number, said.decision, on.order
    )
    decision = accounts.DECISIONS[said.decision]
    return {"kind": said.kind, "number": said.number, "decision": decision}


async def _claim(on: On, said: ClaimAct) -> Any:
    month = month_of(said.month)
    return asdict(
        await savings.claim(
            on.acting.conn, on.plant, on.name, month, said.type, said.amount, on.order
        )
    )


async def _validate(on: On, said: ValidateAct) -> Any:
    month: date = month_of(said.month)
    verdict = Verdict(said.decision, said.amount, said.in_budget)
    return asdict(
        await savings.validate(
            on.acting.conn, on.plant, on.name, month, said.type, verdict, on.order
        )
    )


_SUMMARIES = {
    Step.START: "Start a project: its measures are being put in place",
    Step.REALISE: "Say that the measures of a project are in place",
    Step.SIGN: "Sign a project: finance accepts the whole of it",
    Step.SUSTAIN: "Say that the gain of a project lasts",
    Step.LAPSE: "Say that the gain of a project is lost",
    Step.CANCEL: "Cancel a project for ever",
    Step.REOPEN: "Open a project again that was realised",
}
_STEPS = tuple(
    ProjectAct(
        str(step), summary, Reasoned if RULES[step].needs_reason else Act, _step(step),
        examples.PROJECT_STEPS[step], RULES[step].role is Whose.FINANCE,
    )
    for step, summary in _SUMMARIES.items()
)  # fmt: skip
ACTS = (
    ProjectAct("size", "Measure the baseline of a project, and count its promise", Act, _size,
               examples.PROJECT_STEPS[Step.SIZE], alone=True),
    ProjectAct("approve", "Approve a project: freeze plan, promise, rates and baseline", Act,
               _approve, examples.PROJECT_STEPS[Step.APPROVE], is_finances=True, alone=True),
    *_STEPS,
    ProjectAct("own", "Hand a project over", OwnAct, _own, examples.OWN),
    ProjectAct("invest", "Set what is put into a project", InvestAct, _invest, examples.INVEST),
    ProjectAct("forecast", "Say what you now expect of a month", ForecastAct, _forecast,
               examples.FORECAST),
    ProjectAct("non-routine", "Say what was not routine in a month", NonRoutineAct, _non_routine,
               examples.NON_ROUTINE),
    ProjectAct("substitute", "Propose a baseline for a new product", SubstituteAct, _substitute,
               examples.SUBSTITUTE),
    ProjectAct("decide", "Accept or reject a non-routine amount or a substitute", DecideAct,
               _decide, examples.DECIDE, is_finances=True),
    ProjectAct("claim", "Claim the saving of a month", ClaimAct, _claim, examples.CLAIM),
    ProjectAct("validate", "Validate a claim of a closed month", ValidateAct, _validate,
               examples.VALIDATE, is_finances=True),
)  # fmt: skip


def add_project_acts(router: APIRouter, desk: Desk) -> None:
    _add_proposing(router, desk)
    _add_sharing(router, desk)
    for act in ACTS:
        _add_act(router, desk, act)


def _add_proposing(router: APIRouter, desk: Desk) -> None:
    @router.post(
        _PATH, summary="Propose the projects of a file", description=examples.PROPOSING,
        openapi_extra=examples.PROPOSE.described(file_body(examples.PROPOSE.text)),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def propose(request: Request, name: FileName, why: Perhaps = "", by: By = "") -> Response:
        bearer = await desk.admit(request, *OWNERS)
        data = await read_file(request)

        async def act(acting: Acting) -> Done:
            return await propose_projects(acting, name, data, why)

        return await answer_act(desk, request, bearer, by, data, act, DatabaseRole.PROJECTS)


async def propose_projects(acting: Acting, name: str, data: bytes, why: str) -> Done:
    """Propose the projects of a file in the caller's transaction. Raises `RateFileError`."""
    file = await asyncio.to_thread(parse_projects, name, data)
    book = await load(acting.conn)
    return Done(asdict(await import_projects(acting.conn, file, book, name, acting.actor, why)))


def _add_sharing(router: APIRouter, desk: Desk) -> None:
    @router.post(
        f"{_PATH}/{{plant}}/shares", summary="Divide the saving of cells that projects share",
        description=ShareAct.__doc__,
        openapi_extra=examples.SHARE.described(json_body(ShareAct, examples.SHARE.text)),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def share(request: Request, plant: OfPlant, by: By = "") -> Response:
        bearer = await desk.admit(request, Role.FINANCE)
        said, body = await read_act(request, ShareAct)

        return await answer_act(
            desk, request, bearer, by, body, lambda acting: divide(acting, plant, said)
        )


async def divide(acting: Acting, plant: str, said: ShareAct) -> Done:
    """Divide what projects share in the caller's transaction. Raises `ProjectError`."""
    await _require_plant(acting, plant)
    order = Order(acting.actor, said.why)
    await accounts.divide(acting.conn, plant, month_of(said.first), said.shares, order)
    return Done({"plant": plant, "from": said.first, "shares": said.shares})


def _add_act(router: APIRouter, desk: Desk, act: ProjectAct) -> None:
    @router.post(
        f"{_ONE}/{act.name}", summary=act.summary, operation_id=f"project_{act.name}",
        description=act.model.__doc__,
        openapi_extra=act.sample.described(json_body(act.model, act.sample.text)),
        responses=NOT_DONE, dependencies=[IDEMPOTENT],
    )  # fmt: skip
    async def do_act(request: Request, plant: OfPlant, name: OfName, by: By = "") -> Response:
        bearer = await desk.admit(request, *act.roles)
        said, body = await read_act(request, act.model)

        async def do(acting: Acting) -> Done:
            await _require_plant(acting, plant)
            if not act.alone:
                await hold(acting.conn, plant, name)
            require_match(request, await _version(acting, plant, name))
            return await do_project_act(acting, act, plant, name, said)

        if not act.alone:
            return await answer_act(desk, request, bearer, by, body, do, act.as_role)
        async with desk.acting(bearer, by, act.as_role) as acting:
            return await do_apart(acting, request, body, lambda: do(acting))


async def do_project_act(acting: Acting, act: ProjectAct, plant: str, name: str, said: Any) -> Done:
    """Do an act on a project; what is refused is raised. See `ACTS`."""
    found = await act.work(On(acting, plant, name, Order(acting.actor, said.why)), said)
    etag = await _version(acting, plant, name)
    return Done({**found, "plant": plant, "project": name}, headers={"ETag": etag})


async def _version(acting: Acting, plant: str, name: str) -> str:
    found = await version_of_project(acting.conn, plant, name)
    if found is None:
        raise UnknownProject(f'there is no project "{name}" of {plant}: see GET {_PATH}')
    return found


async def _require_plant(acting: Acting, plant: str) -> None:
    book = await load(acting.conn)
    if plant not in book.sites:
        raise UnknownProject(unknown_plant(plant, book.sites))
