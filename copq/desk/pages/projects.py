"""The pages `/finance/projects` and `/quality/projects`: every act on a project, by form.

Finance and the owners have the same pages: each shows the acts that the state and the person allow.
"""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from asyncpg import Connection
from babel import Locale
from fastapi import APIRouter, HTTPException, Request, Response

from copq.access.door import Bearer, Role
from copq.database.connections import DatabaseRole
from copq.desk.acts import require_version
from copq.desk.desk import Acting, Seeing
from copq.desk.pages.fields import amount_in, filled_model, locale_in
from copq.desk.pages.frame import DeskPages, Refusal, go
from copq.desk.pages.project_forms import (
    BY_NAME,
    DECIDE,
    FORMS,
    decides,
    forms_for,
    next_steps,
    undecided,
)
from copq.desk.pages.uploads import read_upload
from copq.desk.projects import (
    DecideAct,
    ProjectAct,
    ShareAct,
    divide,
    do_project_act,
    propose_projects,
)
from copq.figures.portfolio_project import ProjectAnswer, answer_project
from copq.figures.project_baseline import measure_baseline
from copq.improvement.projects.plan import promised
from copq.improvement.projects.states import State
from copq.projects import store
from copq.projects.answers import ProjectAccount, account_of
from copq.projects.baseline import Baseline
from copq.projects.order import hold
from copq.projects.sizing import measure_plan
from copq.projects.store import NonRoutine, Project, ProjectError, Substitute, UnknownProject
from copq.projects.versions import version_of_project
from copq.rates.book import RateBook
from copq.rates.store import load
from copq.reporting.board.pages.cells import NONE, day_name, exact_text, month_name
from copq.schemas.names import canonical
from copq.web.answers import Faults
from copq.web.pages.form_fields import read_form

FINANCE, OWNERS = "/finance/projects", "/quality/projects"
_SHARE = "share:"
_TOLD = {form.act.name: form.told for form in FORMS} | {
    "decide": "Decided.", "shares": "Divided.", "propose": "Proposed. Its owner measures it next.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Desk:
    """The pages of finance, or those of the owners of projects."""

    pages: DeskPages
    path: str

    @property
    def is_finance(self) -> bool:
        return self.pages.role is Role.FINANCE

    @property
    def frame(self) -> str:
        return "desk.html" if self.is_finance else "quality_desk.html"

    def address(self, plant: str, name: str) -> str:
        return f"{self.path}/{quote(plant, safe='')}/{quote(name, safe='')}"


def add_projects(router: APIRouter, finance: DeskPages, owners: DeskPages) -> None:
    for of in (_Desk(finance, FINANCE), _Desk(owners, OWNERS)):
        _add_list(router, of)
        _add_project(router, of)
        if of.is_finance:
            _add_sharing(router, of)
        _add_acts(router, of)


def _add_list(router: APIRouter, of: _Desk) -> None:
    @router.get(of.path)
    async def listed(request: Request) -> Response:
        return await _list(request, of, await of.pages.person(request))

    @router.post(of.path)
    async def propose(request: Request) -> Response:
        bearer = await of.pages.person(request)
        try:
            file = await read_upload(request)
        except HTTPException as error:
            return await _list(request, of, bearer, Refusal.of(error))
        filled = file.filled | {"file": sha256(file.data).hexdigest()}

        async def act(acting: Acting) -> Any:
            why = filled.get("why", "")
            return (await propose_projects(acting, file.name, file.data, why)).body

        refusal, _ = await of.pages.act(request, bearer, filled, act, as_role=DatabaseRole.PROJECTS)
        if refusal:
            return await _list(request, of, bearer, refusal)
        return go(of.path, "did-propose")


async def _list(
    request: Request, of: _Desk, bearer: Bearer, refusal: Refusal | None = None
) -> Response:
    plant = of.pages.plant(request)
    async with of.pages.desk.seeing_as(bearer) as seeing:
        found = await seen_projects(seeing, plant)
        waits = await undecided_of(seeing.conn, found)
    who = bearer.sender.name
    rows = [
        {
            "name": one.name, "plant": one.plant, "state": one.state, "owner": one.owner,
            "href": of.address(one.plant, one.name), "waits": waits.get(one.id, 0),
            "next": ", ".join(next_steps(one, who, of.is_finance)) or NONE,
        }
        for one in found
    ]  # fmt: skip
    return of.pages.show(
        request, bearer, "projects_desk.html", of.path, refusal, rows=rows, frame=of.frame,
        path=of.path, is_finance=of.is_finance, told=_told(request),
    )  # fmt: skip


async def seen_projects(seeing: Seeing, plant: str | None = None) -> list[Project]:
    """The projects of a plant, or of all that the reader sees as a whole."""
    found = await store.projects(seeing.conn)
    return [
        one for one in found
        if (seeing.lines is None or (one.plant, None) in seeing.lines)
        and plant in (None, one.plant)
    ]  # fmt: skip


async def undecided_of(conn: Connection, found: list[Project]) -> dict[int, int]:
    """How many amounts and substitutes of each project wait for finance."""
    ids, waits = [one.id for one in found], dict[int, int]()
    said: list[NonRoutine | Substitute] = [
        *await store.non_routine(conn, ids), *await store.substitutes(conn, ids)
    ]  # fmt: skip
    for one in said:
        if one.decision is None:
            waits[one.project] = waits.get(one.project, 0) + 1
    return waits


def _told(request: Request) -> str:
    return _TOLD.get(request.query_params.get("decided", "").removeprefix("did-"), "")


def _add_project(router: APIRouter, of: _Desk) -> None:
    @router.get(f"{of.path}/{{plant}}/{{name:path}}")
    async def project(request: Request, plant: str, name: str) -> Response:
        bearer = await of.pages.person(request)
        return await _project(request, of, bearer, canonical(plant), canonical(name), None, {})


def _add_acts(router: APIRouter, of: _Desk) -> None:
    @router.post(f"{of.path}/{{plant}}/{{name:path}}/{{act}}")
    async def do(request: Request, plant: str, name: str, act: str) -> Response:
        bearer = await of.pages.person(request)
        filled = await read_form(request)
        plant, name = canonical(plant), canonical(name)
        wanted = DECIDE if act == "decide" else BY_NAME[act].act if act in BY_NAME else None
        if wanted is None or (wanted.is_finances and not of.is_finance):
            raise HTTPException(404, f'there is no act "{act}" here')
        locale = locale_in(request)

        async def work(acting: Acting) -> Any:
            return await _do(acting, wanted, plant, name, filled, locale)

        refusal, _ = await of.pages.act(
            request, bearer, filled, work, apart=wanted.alone, as_role=wanted.as_role
        )
        if refusal:
            return await _project(request, of, bearer, plant, name, refusal, {**filled, "act": act})
        return go(of.address(plant, name), f"did-{act}")


async def _do(
    acting: Acting, act: ProjectAct, plant: str, name: str, filled: dict[str, str], locale: Locale
) -> Any:
    said = _said(act, filled, locale)
    if not act.alone:
        await hold(acting.conn, plant, name)
    await _require_seen(acting.conn, plant, name, filled)
    return (await do_project_act(acting, act, plant, name, said)).body


def _said(act: ProjectAct, filled: dict[str, str], locale: Locale) -> Any:
    if act is not DECIDE:
        return BY_NAME[act.name].read(filled, locale)
    names = ("kind", "number", "decision", "why")
    return filled_model(DecideAct, {n: filled.get(n, "") for n in names}, {"why": "Why"})


async def _require_seen(conn: Connection, plant: str, name: str, filled: dict[str, str]) -> None:
    version = await version_of_project(conn, plant, name)
    if version is None:
        raise UnknownProject(f'there is no project "{name}" of {plant}')
    require_version([filled.get("version", "")], version)


def _add_sharing(router: APIRouter, of: _Desk) -> None:
    @router.post(f"{of.path}/{{plant}}/{{name:path}}/shares/set")
    async def share(request: Request, plant: str, name: str) -> Response:
        bearer = await of.pages.person(request)
        filled = await read_form(request)
        plant, name = canonical(plant), canonical(name)
        locale = locale_in(request)

        async def act(acting: Acting) -> Any:
            await hold(acting.conn, plant, name)
            await _require_seen(acting.conn, plant, name, filled)
            return (await divide(acting, plant, _shares(filled, locale))).body

        refusal, _ = await of.pages.act(request, bearer, filled, act)
        if refusal:
            return await _project(
                request, of, bearer, plant, name, refusal, {**filled, "act": "shares"}
            )
        return go(of.address(plant, name), "did-shares")


def _shares(filled: dict[str, str], locale: Locale) -> ShareAct:
    """The shares of the projects that have one. Raises `Faults`."""
    shares: dict[str, Decimal] = {}
    for field, text in filled.items():
        if field.startswith(_SHARE) and text:
            name = field.removeprefix(_SHARE)
            found = amount_in(text, f"Share of {name}", locale)
            assert found is not None
            shares[name] = found
    if not shares:
        raise Faults(["give each of the projects a share, such as 0.6 and 0.4"])
    fields = {"from": filled.get("from", ""), "shares": shares, "why": filled.get("why", "")}
    return filled_model(ShareAct, fields, {"from": "From month", "why": "Why"})


async def _project(
    request: Request, of: _Desk, bearer: Bearer, plant: str, name: str,
    refusal: Refusal | None, filled: dict[str, str],
) -> Response:  # fmt: skip
    async with of.pages.desk.seeing_as(bearer) as seeing:
        seeing.require(plant)
        version = await version_of_project(seeing.conn, plant, name)
        found = await account_of(seeing.conn, plant, name)
        book = await load(seeing.conn)
        others = [one.name for one in await seen_projects(seeing) if one.plant == plant]
        measured, notes = await _measured(seeing, found, book)
    answer = await _answer(of.pages, bearer, plant, name)
    one, who = found.project, bearer.sender.name
    return of.pages.show(
        request, bearer, "project_desk.html", of.path, refusal, found=found, one=one,
        filled=filled, version=version, frame=of.frame, path=of.address(plant, name),
        list=of.path, is_finance=of.is_finance, told=_told(request), notes=notes,
        forms=forms_for(one, who, of.is_finance), waiting=undecided(found), facts=_facts(one),
        may_decide=decides(one, who, of.is_finance), owned=who in one.owners,
        baseline=_cells(measured, one.plan.currency), verdict=answer and answer.row.facts.verdict,
        sums=_sums(answer, one.plan.currency), sheet=_sheet(one), claims=_claims(found),
        others=others if of.is_finance and one.state != State.CANCELLED else [],
        money=exact_text, month_name=month_name, share=_SHARE,
    )  # fmt: skip


async def _measured(
    seeing: Seeing, found: ProjectAccount, book: RateBook
) -> tuple[Baseline | None, list[str]]:
    """The baseline that approval froze, or would freeze now, and what to know of it."""
    one = found.project
    if found.baseline is not None or one.state is not State.SIZED:
        return found.baseline, []
    try:
        async with seeing.conn.transaction(isolation="repeatable_read", readonly=True):
            sized = await measure_plan(seeing.conn, one.plan, book, measure_baseline, seeing.now)
    except ProjectError as error:
        return None, [f"It cannot be measured now: {error}"]
    return sized.measured.baseline, sized.notes


async def _answer(pages: DeskPages, bearer: Bearer, plant: str, name: str) -> ProjectAnswer | None:
    """Its figures and its verdict; None where its plant has no rates that the reader sees."""
    try:
        async with pages.source.reading(bearer) as reading:
            return await answer_project(reading.conn, reading.book, plant, name, "", reading.now)
    except HTTPException as error:
        if error.status_code != 422:
            raise
        return None


def _facts(one: Project) -> list[tuple[str, str]]:
    plan = one.plan
    scope = "; ".join(f"{name.replace('_', ' ')} {', '.join(sorted(names))}"
                      for name, names in plan.scope.items())  # fmt: skip
    totals: dict[str, Decimal] = {}
    for (_, kind), amount in promised(plan.benefits).items():
        totals[kind] = totals.get(kind, Decimal(0)) + amount
    promise = ", ".join(
        f"{exact_text(total, plan.currency)} {plan.currency} {kind.replace('_', ' ')}"
        for kind, total in totals.items()
    )
    return [
        ("Owner", one.owner), ("Sponsor", one.sponsor or NONE),
        ("Scope", scope or "the whole plant"),
        ("Baseline", f"{day_name(plan.baseline_first)} to {day_name(plan.baseline_last)}"),
        ("Starts", day_name(plan.starts)), ("Promises", promise or "nothing yet"),
    ]  # fmt: skip


def _cells(baseline: Baseline | None, currency: str) -> list[tuple[str, ...]]:
    if baseline is None:
        return []
    rows = [
        (cell.line or NONE, cell.product or NONE, f"{cell.exposure:,f}",
         exact_text(cell.booked, currency), exact_text(cell.at_frozen_rates, currency))
        for cell in baseline.cells
    ]  # fmt: skip
    sums = exact_text(baseline.booked, currency), exact_text(baseline.at_frozen_rates, currency)
    return [*rows, ("All", "", "", *sums)]


def _sums(answer: ProjectAnswer | None, currency: str) -> list[tuple[str, str]]:
    """What the months so far have of the types that count."""
    if answer is None or not answer.row.figures.months:
        return []
    figures = answer.row.figures
    sums = figures.counted
    named = (
        ("Promised so far", sums.promised), ("Measured, net", figures.measured.net),
        ("Claimed", sums.claimed), ("Validated", sums.validated),
        ("Validated too much", figures.excess),
    )  # fmt: skip
    return [(name, exact_text(amount, currency)) for name, amount in named if amount is not None]


def _sheet(one: Project) -> str:
    return f"/projects/{quote(one.plant, safe='')}/{quote(one.name, safe='')}"


def _claims(found: ProjectAccount) -> list[Any]:
    """The claims that finance has not decided about."""
    decided = {one.claim for one in found.validations}
    return [one for one in found.claims if one.number not in decided]
