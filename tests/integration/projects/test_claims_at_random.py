"""Claims, validations and restated months in any order, against a plain account of what may be."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal as D
from random import Random
from typing import Any

from copq.improvement.projects.plan import BenefitType, add_months
from copq.improvement.projects.states import Step
from copq.projects.order import Order
from copq.projects.savings import Verdict, claim, validate
from copq.projects.steps import take
from copq.projects.store import Project, ProjectError, claims, excesses, validations
from tests.support.portfolio import closed
from tests.support.projects import CARLA, OLGA, add_month, approved, with_ledger
from tests.support.searching import soaking

OWNER, FINANCE = Order(OLGA, "because"), Order(CARLA, "checked")
HARD, AVOIDANCE, SOFT = BenefitType.HARD, BenefitType.AVOIDANCE, BenefitType.SOFT
FIRST = date(2027, 1, 1)
AMOUNTS = [D(number) for number in (-30, 0, 20, 50, 80, 100)]


@dataclass(slots=True)
class Account:
    """A month as anybody would keep it on paper; without a net it can no longer be compared."""

    net: D | None
    claimed: dict[BenefitType, D] = field(default_factory=dict)
    validated: dict[BenefitType, D] = field(default_factory=dict)

    def left(self, kind: BenefitType) -> D:
        others = {HARD, AVOIDANCE} & self.claimed.keys() - {kind}
        taken = (max(D(0), self.claimed[o], self.validated.get(o, D(0))) for o in others)
        return (self.net or D(0)) - sum(taken)

    def claim(self, kind: BenefitType, asked: D | None) -> bool:
        amount = self.left(kind) if asked is None else asked
        may = self.net is not None and (
            kind is SOFT or min(self.net, D(0)) <= amount <= self.left(kind)
        )
        if may:
            self.claimed[kind] = amount
        return may

    def validate(self, kind: BenefitType, what: str, asked: D) -> bool:
        if kind not in self.claimed:
            return False
        whole = self.claimed[kind]
        amount = {"accept": whole, "reduce": asked, "reject": D(0)}[what]
        may = what != "reduce" or (amount * whole >= 0 and abs(amount) < abs(whole))
        if kind is not SOFT and amount > 0:
            may = may and self.net is not None and amount <= self.left(kind)
        if may:
            self.validated[kind] = amount
        return may

    @property
    def excess(self) -> D:
        both = sum((self.validated.get(kind, D(0)) for kind in (HARD, AVOIDANCE)), D(0))
        return max(both - max(self.net or D(0), D(0)), D(0))


async def test_whatever_is_tried_a_month_is_as_on_paper(conn: Any) -> None:
    await with_ledger(conn)
    await approved(conn)
    one = await take(conn, "north", "caps", Step.START, OWNER)
    random, happened = Random(7), {True: 0, False: 0}
    for number in range(300 if soaking() else 12):
        month = add_months(FIRST, number)
        await closed(conn, f"{month:%Y-%m}", datetime(2027, 1, 1, tzinfo=UTC))
        account = Account(random.choice(AMOUNTS))
        await add_month(conn, one, month, account.net)
        for _ in range(12):
            happened[await _act(conn, one, month, account, random)] += 1
            await _is_as_on_paper(conn, one, month, account)
    assert min(happened.values()) > sum(happened.values()) / 5, happened


async def _act(
    conn: Any, one: Project, month: date, account: Account, random: Random
) -> bool:  # fmt: skip
    """Do something; whether it was allowed, which must be as on paper."""
    what = random.choice(["restate", "claim", "claim", "accept", "reduce", "reject"])
    kind, amount = random.choice([HARD, HARD, AVOIDANCE, SOFT]), random.choice(AMOUNTS)
    if what == "restate":
        account.net = random.choice([*AMOUNTS, None])
        await _restate(conn, one, month, account.net)
        return True
    if what == "claim":
        asked = random.choice([amount, None])
        may = account.claim(kind, asked)
        done = await _done(claim(conn, "north", "caps", month, kind, asked, OWNER))
    else:
        may = account.validate(kind, what, amount)
        verdict = Verdict(what, amount if what == "reduce" else None)
        done = await _done(validate(conn, "north", "caps", month, kind, verdict, FINANCE))
    assert done == may, (what, kind, amount, account)
    return may


async def _restate(conn: Any, one: Project, month: date, net: D | None) -> None:
    if net is not None:
        await add_month(conn, one, month, net)
        return
    await conn.execute(
        "insert into copq.project_month (project, month, version, reason) "
        "select $1, $2, max(version) + 1, 'losses in USD' from copq.project_month "
        "where project = $1 and month = $2", one.id, month,
    )  # fmt: skip


async def _done(act: Any) -> bool:
    try:
        await act
    except ProjectError:
        return False
    return True


async def _is_as_on_paper(conn: Any, one: Project, month: date, account: Account) -> None:
    found = {c.type: c.amount for c in await claims(conn, [one.id]) if c.month == month}
    assert found == account.claimed
    signed = {v.type: v.amount for v in await validations(conn, [one.id]) if v.month == month}
    assert signed == account.validated
    too_much = [e.amount for e in await excesses(conn, [one.id]) if e.month == month]
    assert too_much == [account.excess] * (account.excess > 0)
