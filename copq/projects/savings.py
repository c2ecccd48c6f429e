"""Claims of the owner and their validation by finance, month by month."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.improvement.projects.plan import BenefitType
from copq.improvement.projects.states import State
from copq.ledger.arithmetic import ZERO
from copq.ledger.money import money
from copq.periods.period import State as PeriodState
from copq.periods.period import month_name
from copq.periods.store import period
from copq.projects.checks import amount_faults
from copq.projects.order import Order, ordered
from copq.projects.store import (
    Claim,
    Project,
    ProjectError,
    Validation,
    claims,
    project,
    validations,
)

_SQL = Queries.of(__file__)
MEASURED = (BenefitType.HARD, BenefitType.AVOIDANCE)
"""Types whose savings are losses of the ledger, so that together they are not more than the bridge
says."""

VERDICTS = {"accept": "accepted", "reduce": "reduced", "reject": "rejected"}
_WITHOUT_MONTHS = (State.PROPOSED, State.SIZED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What finance makes of a claim: `accept` (amount None: as claimed), `reduce` or `reject`."""

    what: str
    amount: Decimal | None = None
    in_budget: Decimal = ZERO


async def claim(
    conn: Connection, plant: str, name: str, month: date, kind: BenefitType,
    amount: Decimal | None, order: Order,
) -> Claim:  # fmt: skip
    """Claim a saving of a month (None: its whole net saving), on the newest bridge of the month.

    Raises `ProjectError`.
    """
    before = await project(conn, plant, name)
    async with ordered(conn, before, order):
        _require_owner(before, order)
        newest = await _bridge_of(conn, before, month)
        if amount is None:
            amount = await _left(conn, before, month, kind, newest["net"])
        _require_digits(before, amount)
        await _require_measured(conn, before, month, kind, amount, newest["net"], order)
        row = {"project": before.id, "month": month, "version": newest["version"]}
        row |= {"type": str(kind), "amount": amount, "note": order.why or None, "by": order.by}
        await conn.execute(*_SQL.add_claim(**row))
        return await _claim_of(conn, before, month, kind)


def _require_owner(before: Project, order: Order) -> None:
    if before.state in _WITHOUT_MONTHS:
        raise ProjectError(f"{before} is {before.state}: there is nothing to claim or to validate")
    if order.by != before.owner:
        raise ProjectError(
            f'"{order.by}" does not own {before}: its owner "{before.owner}" claims, and finance '
            "validates"
        )


def _require_digits(before: Project, amount: Decimal) -> None:
    for fault in amount_faults(f"the claim of {before}", amount, before.plan.currency):
        raise ProjectError(fault)


async def _bridge_of(conn: Connection, before: Project, month: date) -> Record:
    newest = await conn.fetchrow(*_SQL.newest_month(project=before.id, month=month))
    if newest is None:
        raise ProjectError(
            f"{before} has no bridge of {month_name(month)} yet: the service computes it once the "
            f"month has begun, or run copq projects refresh; the start is on {before.plan.starts}"
        )
    if newest["reason"] is not None:
        raise ProjectError(
            f"{before} has no bridge of {month_name(month)} any more: {newest['reason']}"
        )
    return newest


async def _left(
    conn: Connection, before: Project, month: date, kind: BenefitType, net: Decimal
) -> Decimal:
    """What the other types leave of a month's net saving. Each takes what is claimed or what is
    validated, whichever is more."""
    rows = await conn.fetch(*_SQL.taken_of_month(project=before.id, month=month))
    others = [
        max(ZERO, row["claimed"], row["validated"] or ZERO)
        for row in rows
        if row["type"] in MEASURED and row["type"] != kind
    ]
    return net - sum(others, ZERO)


async def _require_measured(
    conn: Connection, before: Project, month: date, kind: BenefitType, amount: Decimal,
    net: Decimal, order: Order,
) -> None:  # fmt: skip
    if kind not in MEASURED:
        order.with_reason(
            f"claim a {kind.replace('_', ' ')} benefit, which the ledger does not have"
        )
        return
    left = await _left(conn, before, month, kind, net)
    if not min(net, ZERO) <= amount <= left:
        currency = before.plan.currency
        raise ProjectError(
            f"{before} saved {money(net, currency)} {currency} net in {month_name(month)}: "
            f"{_bound(amount, min(net, ZERO), left, currency)} as {kind}"
        )


def _bound(amount: Decimal, least: Decimal, most: Decimal, currency: str) -> str:
    if most < least:
        return "its other types take all of that, so nothing is left to claim"
    is_low = amount < least
    return f"claim at {'least' if is_low else 'most'} {money(least if is_low else most, currency)}"


async def _claim_of(conn: Connection, before: Project, month: date, kind: BenefitType) -> Claim:
    found = [c for c in await claims(conn, [before.id]) if (c.month, c.type) == (month, kind)]
    if not found:
        raise ProjectError(
            f'{before} has no {kind} claim of {month_name(month)}: its owner "{before.owner}" '
            "claims first, with copq projects claim"
        )
    return found[0]


async def validate(
    conn: Connection, plant: str, name: str, month: date, kind: BenefitType, verdict: Verdict,
    order: Order,
) -> Validation:  # fmt: skip
    """Accept, reduce or reject the newest claim of a closed month; `order.why` is the note.

    Raises `ProjectError`.
    """
    before = await project(conn, plant, name)
    async with ordered(conn, before, order):
        closing = await _closing_of(conn, plant, month)
        of = await _claim_of(conn, before, month, kind)
        _require_another(before, of, order)
        amount = _validated(before, of, verdict, order)
        if kind in MEASURED and amount > 0:
            await _require_saved(conn, before, month, kind, amount)
        row = {
            "claim": of.number, "project": before.id, "plant": plant, "month": month,
            "type": str(kind), "decision": VERDICTS[verdict.what], "amount": amount,
            "in_budget": verdict.in_budget, "closing": closing, "note": order.why, "by": order.by,
        }  # fmt: skip
        await conn.execute(*_SQL.add_validation(**row))
        found = await validations(conn, [before.id])
    return next(v for v in found if (v.month, v.type) == (month, kind))


async def _require_saved(
    conn: Connection, before: Project, month: date, kind: BenefitType, amount: Decimal
) -> None:
    """Refuse to validate more than the newest bridge says, which may be newer than the claim."""
    net = (await _bridge_of(conn, before, month))["net"]
    left = await _left(conn, before, month, kind, net)
    if amount > max(left, ZERO):
        currency = before.plan.currency
        raise ProjectError(
            f"{before} now saves {money(net, currency)} {currency} net in {month_name(month)}: "
            f"validate at most {money(max(left, ZERO), currency)} as {kind}, or let its owner "
            "claim again"
        )


async def _closing_of(conn: Connection, plant: str, month: date) -> int:
    found = await period(conn, plant, month)
    if found.state is PeriodState.OPEN:
        raise ProjectError(
            f"{found} is open: close it first, with copq periods close {plant} {month_name(month)}"
        )
    return found.closings


def _require_another(before: Project, of: Claim, order: Order) -> None:
    order.as_finance(before, "validates its savings")
    if order.by == of.claimed_by:
        raise ProjectError(f'"{order.by}" claimed it: another person of finance validates it')


def _validated(before: Project, of: Claim, verdict: Verdict, order: Order) -> Decimal:
    """The validated amount. Raises `ProjectError` where it does not follow from the claim."""
    amount = of.amount if verdict.amount is None else verdict.amount
    claimed = money(of.amount, before.plan.currency)
    if verdict.what == "accept" and amount != of.amount:
        raise ProjectError(f"{claimed} is claimed: accept that, or reduce it")
    if verdict.what != "accept":
        order.with_reason(f"{verdict.what} it")
    if verdict.what == "reject":
        amount = ZERO
    if verdict.what == "reduce" and (verdict.amount is None or not _is_nearer(amount, of.amount)):
        raise ProjectError(f"{claimed} is claimed: reduce it to an amount nearer to 0")
    if abs(verdict.in_budget) > abs(amount):
        raise ProjectError(f"no more than {amount:f} is validated: less than that is in the budget")
    _require_digits(before, amount)
    return amount


def _is_nearer(amount: Decimal, claimed: Decimal) -> bool:
    """Whether an amount lies between 0 and what is claimed."""
    return min(claimed, ZERO) <= amount <= max(claimed, ZERO) and amount != claimed
