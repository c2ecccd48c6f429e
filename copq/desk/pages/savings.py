"""The page `/finance/savings`: claimed savings that wait for finance, each decided by a form."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from asyncpg import Connection, Record
from fastapi import APIRouter, Request, Response

from copq.access.door import Bearer
from copq.database.queries import Queries
from copq.desk.acts import require_version
from copq.desk.desk import Acting, Seeing
from copq.desk.pages.frame import DeskPages, Refusal, chosen_plant, go
from copq.improvement.projects.plan import BenefitType
from copq.ledger.arithmetic import ZERO
from copq.periods.period import month_of
from copq.projects import store
from copq.projects.order import Order, hold
from copq.projects.savings import MEASURED, VERDICTS, Verdict, validate
from copq.projects.store import Excess, Project, ProjectError, Validation
from copq.reporting.board.pages.cells import exact_text, month_name
from copq.web.pages.form_fields import read_form

PATH = "/finance/savings"
_SQL = Queries.of(__file__)


def add_savings(router: APIRouter, pages: DeskPages) -> None:
    @router.get(PATH)
    async def savings(request: Request) -> Response:
        return await _savings(request, pages, await pages.person(request))

    @router.post(PATH)
    async def decide(request: Request) -> Response:
        bearer = await pages.person(request)
        filled = await read_form(request)

        async def act(acting: Acting) -> None:
            await _decide(acting, filled)

        refusal, _ = await pages.act(request, bearer, filled, act)
        if refusal:
            return await _savings(request, pages, bearer, refusal, filled)
        return go(PATH, filled.get("decision", ""), chosen_plant(request))


async def waiting_claims(seeing: Seeing, plant: str | None = None) -> list[Record]:
    """The newest claim of each project of a plant, month and type that finance has not decided
    about; of all plants without one."""
    found = await seeing.conn.fetch(*_SQL.waiting_claims())
    return [one for one in found if _is_of(one["plant"], seeing, plant)]


def _is_of(project_plant: str, seeing: Seeing, plant: str | None) -> bool:
    """Whether a project is of the plant, and the reader sees it as a whole."""
    sees = seeing.lines is None or (project_plant, None) in seeing.lines
    return sees and plant in (None, project_plant)


@dataclass(frozen=True, slots=True)
class TooMuch:
    """What finance has validated of a month that saves less now; it validates it again."""

    project: Project
    excess: Excess
    validation: Validation


async def too_much(seeing: Seeing, plant: str | None = None) -> list[TooMuch]:
    """The validated savings of the months that save less now, of a plant, or of all that the reader
    sees as a whole."""
    excesses = {(one.project, one.month): one for one in await store.excesses(seeing.conn, None)}
    ids = {project for project, _ in excesses}
    known = {one.id: one for one in await store.projects(seeing.conn) if one.id in ids}
    return [
        TooMuch(known[one.project], excesses[one.project, one.month], one)
        for one in await store.validations(seeing.conn, ids)
        if (one.project, one.month) in excesses and one.type in MEASURED and one.amount > 0
        and _is_of(known[one.project].plant, seeing, plant)
    ]  # fmt: skip


async def _decide(acting: Acting, filled: dict[str, str]) -> None:
    plant, name = filled.get("plant", ""), filled.get("project", "")
    month, kind = month_of(filled.get("month", "")), filled.get("type", "")
    if kind not in list(BenefitType) or filled.get("decision") not in VERDICTS:
        raise ProjectError("choose accept, reduce or reject")
    await hold(acting.conn, plant, name)
    newest = _newest_validation if filled.get("again") else _newest_claim
    claim = await newest(acting.conn, plant, name, filled)
    require_version([filled.get("version", "")], claim)
    verdict = Verdict(
        filled["decision"], _amount(filled, "amount") if filled.get("amount") else None,
        _amount(filled, "in_budget") if filled.get("in_budget") else ZERO,
    )  # fmt: skip
    order = Order(acting.actor, filled.get("why", ""))
    await validate(acting.conn, plant, name, month, BenefitType(kind), verdict, order)


async def _newest_claim(conn: Connection, plant: str, name: str, filled: dict[str, str]) -> str:
    for one in await conn.fetch(*_SQL.waiting_claims()):
        of = (one["plant"], one["name"], f"{one['month']:%Y-%m}", one["type"])
        if of == (plant, name, filled.get("month"), filled.get("type")):
            return str(one["claim"])
    raise ProjectError(f"no claim of {name} waits in {filled.get('month')}: look at the page again")


async def _newest_validation(
    conn: Connection, plant: str, name: str, filled: dict[str, str]
) -> str:
    of = await store.project(conn, plant, name)
    for one in await store.validations(conn, [of.id]):
        if (f"{one.month:%Y-%m}", one.type) == (filled.get("month"), filled.get("type")):
            return f"v{one.number}"
    raise ProjectError(f"nothing of {name} is validated in {filled.get('month')}")


def _amount(filled: dict[str, str], name: str) -> Decimal:
    try:
        amount = Decimal(filled[name].replace(",", "").replace(" ", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise ProjectError(f'"{filled[name]}" is not an amount: write it as 2500 or 2500.00')
    return amount


async def _savings(
    request: Request, pages: DeskPages, bearer: Bearer, refusal: Refusal | None = None,
    filled: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    plant = pages.plant(request)
    async with pages.desk.seeing(request, pages.role) as seeing:
        found = await waiting_claims(seeing, plant)
        again = await too_much(seeing, plant)
    return pages.show(
        request, bearer, "savings.html", PATH, refusal, claims=found, again=again,
        filled=filled or {},
        money=exact_text, month_name=month_name, own=bearer.sender.name,
    )  # fmt: skip
