"""What changes around a frozen plan: owner, investments, forecasts, what is not routine, shares."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from asyncpg import Connection, UniqueViolationError

from copq.access.authority import sign
from copq.access.door import Role
from copq.database.queries import Queries
from copq.improvement.projects.plan import BenefitType
from copq.improvement.projects.states import FROZEN, State
from copq.periods.period import month_name
from copq.projects.baseline import Baseline
from copq.projects.checks import amount_faults
from copq.projects.evidence import baseline_of
from copq.projects.order import Order, ordered
from copq.projects.store import (
    Investment,
    Project,
    ProjectError,
    evidence,
    investments,
    project,
    projects,
)
from copq.rates.names import name_list
from copq.schemas.projects import InvestmentItem
from copq.schemas.refusal import nearest

_SQL = Queries.of(__file__)
DECISIONS = {"accept": "accepted", "reject": "rejected"}


async def own(
    conn: Connection, plant: str, name: str, owner: str, sponsor: str, order: Order
) -> Project:
    """Change the owner, the sponsor or both (empty: as before). Raises `ProjectError`."""
    before = await project(conn, plant, name)
    owner, sponsor = owner or before.owner, sponsor or before.sponsor
    if (owner, sponsor) == (before.owner, before.sponsor):
        raise ProjectError(f"{before} has the owner {owner} and the sponsor {sponsor} already")
    async with ordered(conn, before, order):
        order.as_owner(before, "hands it over")
        row = {"project": before.id, "owner": owner, "sponsor": sponsor, "by": order.by}
        await conn.execute(*_SQL.add_owner(**row, why=order.why or None))
    return await project(conn, plant, name)


async def invest(
    conn: Connection, plant: str, name: str, item: InvestmentItem, order: Order
) -> Project:
    """Set an investment; one of the same name is restated. Once the project is approved, only
    finance restates one as anything but more money in the same months. Raises `ProjectError`."""
    before = await project(conn, plant, name)
    currency = before.plan.currency
    _require_amount(f'investment "{item.name}" of {before}', item.amount, currency, item.currency)
    async with ordered(conn, before, order):
        _require_open(before)
        known = {one.name: one for one in await investments(conn, [before.id])}
        if before.freeze is not None and _is_less(item, known.get(item.name)):
            _require_finance(before, order)
        else:
            order.as_owner(before, "sets what is put into it")
        row = {**dict(item), "currency": currency, "project": before.id, "by": order.by}
        await conn.execute(*_SQL.add_investment(**row, why=order.why or None))
    return before


async def withdraw_investment(
    conn: Connection, plant: str, name: str, investment: str, order: Order
) -> Project:
    """Take an investment away; its rows stay. Once the project is approved, only finance does so.
    Raises `ProjectError`."""
    before = await project(conn, plant, name)
    known = {one.name: one for one in await investments(conn, [before.id])}
    if investment not in known:
        raise ProjectError(
            f'{before} has no investment "{investment}"; it has: {name_list(known)}'
            f"{nearest(investment, known)}"
        )
    was = known[investment]
    async with ordered(conn, before, order):
        if before.freeze is not None:
            _require_finance(before, order)
        else:
            order.as_owner(before, "takes an investment away")
        row = {
            "project": before.id, "name": investment, "kind": was.kind, "amount": None,
            "first_month": was.first_month, "last_month": was.last_month,
            "currency": was.currency, "by": order.by,
        }  # fmt: skip
        await conn.execute(*_SQL.add_investment(**row, why=order.why or None))
    return before


def _is_less(item: InvestmentItem, known: Investment | None) -> bool:
    """Whether an investment may be less money than is known of it, or later."""
    if known is None:
        return False
    same = all(getattr(item, n) == getattr(known, n) for n in ("kind", "first_month", "last_month"))
    return not same or item.amount < known.amount


def _require_finance(before: Project, order: Order) -> None:
    """Less money put in is more saved: its owner does not decide that of an approved project."""
    what = "lowers or moves what was put into it, once it is approved"
    order.as_finance(before, what)
    if order.actor.role not in (None, Role.FINANCE):
        raise ProjectError(f'"{order.by}" is {order.actor.role}: finance {what} ({before})')


async def forecast(
    conn: Connection, plant: str, name: str, month: date, kind: BenefitType, amount: Decimal,
    order: Order,
) -> Project:  # fmt: skip
    """Say what is now expected of a month; the promise stays. Raises `ProjectError`."""
    before = await project(conn, plant, name)
    _require_amount(f"the forecast of {before}", amount, before.plan.currency)
    async with ordered(conn, before, order):
        _require_frozen(before, "its plan still changes: say it in its file")
        order.as_owner(before, "says what it expects")
        row = {"project": before.id, "month": month, "type": str(kind), "amount": amount}
        await conn.execute(*_SQL.add_forecast(**row, by=order.by, why=order.why or None))
    return before


async def add_non_routine(
    conn: Connection, plant: str, name: str, month: date, amount: Decimal, proof: str,
    order: Order,
) -> int:  # fmt: skip
    """Say what happened in a month without being work of the project; `order.why` is the reason.

    Positive amounts raised the losses. Returns its number. Raises `ProjectError`.
    """
    before = await project(conn, plant, name)
    order.with_reason("think that it is not routine")
    if not amount:
        raise ProjectError("a non-routine amount of 0 changes nothing: give the amount")
    if not proof.strip():
        raise ProjectError("name the evidence that finance can check: --evidence")
    _require_amount(f"the amount of {month_name(month)}", abs(amount), before.plan.currency)
    async with ordered(conn, before, order):
        _require_frozen(before, "no month is measured yet")
        _require_started(before, month)
        order.as_owner(before, "says what is not routine")
        row = {"project": before.id, "month": month, "amount": amount, "reason": order.why}
        number: int = await conn.fetchval(*_SQL.add_non_routine(**row, evidence=proof, by=order.by))
    return number


Place = tuple[str, str]
"""A line and a product."""


async def add_substitute(
    conn: Connection, plant: str, name: str, place: Place, like: Place, order: Order
) -> int:
    """Propose the baseline of `like` for a place that has none. Returns its number.

    Raises `ProjectError`.
    """
    before = await project(conn, plant, name)
    order.with_reason("think that they are alike")
    text = await evidence(conn, before.id)
    if text is None:
        raise ProjectError(f"{before} is {before.state}: its baseline is measured at approval")
    _require_alike(baseline_of(text), place, like)
    async with ordered(conn, before, order):
        order.as_owner(before, "proposes a substitute baseline")
        row = {
            "project": before.id, "line": place[0], "product": place[1], "like_line": like[0],
            "like_product": like[1], "reason": order.why, "by": order.by,
        }  # fmt: skip
        number: int = await conn.fetchval(*_SQL.add_substitute(**row))
    return number


def _require_alike(baseline: Baseline, place: Place, like: Place) -> None:
    known = {(c.line, c.product) for c in baseline.cells if c.product and c.exposure > 0}
    if place in known:
        raise ProjectError(f'"{place[1]}" on {place[0]} has a baseline of its own')
    if like not in known:
        names = name_list(f"{product} on {line}" for line, product in sorted(known))
        raise ProjectError(
            f'"{like[1]}" on {like[0]} has no baseline either; those that have one: {names}'
        )


async def decide(
    conn: Connection, plant: str, name: str, kind: str, number: int, decision: str, order: Order
) -> Project:
    """Accept or reject a non-routine amount or a substitute, for finance; `order.why` is the note.

    Raises `ProjectError`.
    """
    before = await project(conn, plant, name)
    order.with_reason(f"{decision} it")
    row = {"kind": kind, "number": number, "project": before.id, "note": order.why}
    try:
        async with ordered(conn, before, order):
            order.as_finance(before, "decides")
            await conn.execute(*_SQL.add_decision(**row, decision=DECISIONS[decision], by=order.by))
    except UniqueViolationError:
        raise ProjectError(f"{kind.replace('_', '-')} {number} of {before} is decided") from None
    return before


async def divide(
    conn: Connection, plant: str, from_month: date, parts: Mapping[str, Decimal], order: Order
) -> None:
    """Set how projects of a plant divide the saving of the cells that exactly these share.

    Raises `ProjectError` unless the shares add up to 1.
    """
    order.actor.require([(plant, None)])
    order.with_reason("divide it like that")
    known = {one.name: one for one in await projects(conn, plant)}
    for name in parts:
        if name not in known:
            raise ProjectError(
                f'no project of {plant} has the name "{name}"; its projects: '
                f"{name_list(known)}{nearest(name, known)}"
            )
        order.as_finance(known[name], "divides its savings")
    _require_whole(parts)
    shares = {str(known[name].id): f"{part:f}" for name, part in parts.items()}
    async with conn.transaction(isolation="read_committed"):
        await sign(conn, order.actor, order.why)
        row = {"plant": plant, "from_month": from_month, "shares": json.dumps(shares)}
        await conn.execute(*_SQL.add_shares(**row, by=order.by, why=order.why))


def _require_whole(parts: Mapping[str, Decimal]) -> None:
    if len(parts) < 2:
        raise ProjectError("name all projects that share cells, at least two, each with its share")
    if any(part < 0 for part in parts.values()):
        raise ProjectError("a share is 0 or more")
    if (whole := sum(parts.values())) != 1:
        terms = " + ".join(f"{part:f}" for part in parts.values())
        raise ProjectError(f"{terms} = {whole:f}: shares add up to 1, such as 0.6 and 0.4")


def _require_amount(
    where: str, amount: Decimal, of_project: str, currency: str | None = None
) -> None:
    if faults := list(amount_faults(where, amount, of_project, currency)):
        raise ProjectError(faults[0])


def _require_open(before: Project) -> None:
    if before.state is State.CANCELLED:
        raise ProjectError(f"{before} is cancelled: propose another one")


def _require_started(before: Project, month: date) -> None:
    starts = before.plan.starts
    if month < starts.replace(day=1):
        raise ProjectError(
            f"{before} starts on {starts}: {month_name(month)} is before it and counts nothing"
        )


def _require_frozen(before: Project, why: str) -> None:
    if before.state not in FROZEN or before.freeze is None:
        raise ProjectError(f"{before} is {before.state}: {why}")
    _require_open(before)
