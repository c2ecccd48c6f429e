"""Approved projects with bridges, claims and decisions, as rows; their makers have tests of their
own."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import log
from random import Random
from typing import Any

from asyncpg import Connection

from copq.improvement.projects.plan import BenefitType, promised
from copq.projects.store import Project, project
from tests.support.building import book, plant, store_rates
from tests.support.projects import item, propose

EVENING = datetime.fromisoformat("2026-06-05T18:00:00+00:00")


EVIDENCE = '{"baseline":{"cells":[],"left_as_booked":0,"months":"3"}}'
_LIFE = (
    ("size", "sized", "olga"), ("approve", "approved", "carla"), ("start", "running", "olga"),
    ("realise", "realised", "olga"),
)  # fmt: skip


_CANCELLED = (*_LIFE[:3], ("cancel", "cancelled", "olga"))


async def realised(
    conn: Connection, name: str = "caps", plant: str = "north", *, is_cancelled: bool = False
) -> int:
    """Take a proposed project through its steps, with a promise as its plan says; returns its
    id. With `is_cancelled` it is cancelled while it runs."""
    found = await project(conn, plant, name)
    for number, (what, state, by) in enumerate(_CANCELLED if is_cancelled else _LIFE, 2):
        async with conn.transaction():
            if what == "approve":
                await _freeze(conn, found)
            await conn.execute(
                "insert into copq.project_step (project, step, what, state, taken_by, why) "
                "values ($1, $2, $3, $4, $5, 'as agreed')", found.id, number, what, state, by,
            )  # fmt: skip
    return found.id


async def _freeze(conn: Connection, found: Project) -> None:
    await conn.execute(
        "insert into copq.project_freeze (project, plan, revision, rates_at, booked_until, "
        "currency, evidence, sha256, frozen_by) values ($1, $2, 1, now(), now(), $3, $4, "
        "sha256(convert_to($4, 'UTF8')), 'carla')",
        found.id, found.plan_number, found.plan.currency, EVIDENCE,
    )  # fmt: skip
    for (month, kind), amount in promised(found.plan.benefits).items():
        await conn.execute(
            "insert into copq.project_promise values ($1, $2, $3, $4)",
            found.id, month, kind, amount,
        )  # fmt: skip


async def bridge(
    conn: Connection, project: int, month: str, gross: Any, net: Any,
    at: datetime = EVENING, **effects: Any,
) -> None:  # fmt: skip
    """A version of a month's bridge; losses of 1,000 in the baseline, and no other effect unless
    `effects` has one."""
    saved = Decimal(gross)
    more = {"volume": 0, "mix": 0, "rates": 0, "non_routine": 0, "without_baseline": 0} | effects
    parts = {name: Decimal(amount) for name, amount in more.items()}
    await conn.execute(
        "insert into copq.project_month (project, month, version, computed_at, days, baseline, "
        "actual, volume, mix, rates, non_routine, without_baseline, performance, gross, net) "
        "select $1, $2, coalesce(max(version), 0) + 1, $3, 30, 1000, 1000 + $4::numeric, $5, $6, "
        "$7, $8, $9, -$10::numeric, $10, $11 from copq.project_month "
        "where project = $1 and month = $2",
        project, _month(month), at, sum(parts.values()) - saved, *parts.values(), saved,
        Decimal(net),
    )  # fmt: skip


async def claim(
    conn: Connection, project: int, month: str, amount: Any, kind: BenefitType = BenefitType.HARD
) -> int:
    """Claim by the owner on the newest bridge; returns the claim's number."""
    number: int = await conn.fetchval(
        "insert into copq.project_claim (project, month, version, type, amount, claimed_by) "
        "select $1, $2, max(version), $3, $4, 'olga' from copq.project_month "
        "where project = $1 and month = $2 returning number",
        project, _month(month), kind, Decimal(amount),
    )  # fmt: skip
    return number


async def closed(conn: Connection, month: str, at: datetime, plant: str = "north") -> None:
    first = _month(month)
    await conn.execute(
        "insert into copq.period values ($1, $2, 'closed', $3, 1, "
        "($2::date + interval '1 month')::date)",
        plant, first, at,
    )  # fmt: skip


async def decided(
    conn: Connection, claim: int, decision: str, amount: Any, in_budget: Any = 0
) -> None:
    """Finance decides about a claim of a closed month."""
    await conn.execute(
        "insert into copq.project_validation (claim, project, plant, month, type, decision, "
        "amount, in_budget, closing, note, decided_by) "
        "select c.number, c.project, p.plant, c.month, c.type, $2, $3, $4, 1, 'seen', 'carla' "
        "from copq.project_claim as c join copq.project as p using (project) "
        "where c.number = $1",
        claim, decision, Decimal(amount), Decimal(in_budget),
    )  # fmt: skip


async def judged(
    conn: Connection, project: int, status: str, until: str = "2026-07-31", odds: float = 1000
) -> None:
    """A verdict of the tests of a project's days, with an e-value."""
    await conn.execute(
        "insert into copq.project_verdict (project, until, is_proven, status, is_provisional, "
        "figures) values ($1, $2, true, $3, true, $4)",
        project, date.fromisoformat(until), status, json.dumps({"log_evidence": log(odds)}),
    )  # fmt: skip


async def with_evidence(conn: Connection, project: int) -> None:
    """The evidence of a project whose saving of 30 % wears off: a year before and two since
    April 2026."""
    # It loads scipy and statsmodels, which are slow.
    from copq.figures.project_series import DailySeries
    from copq.figures.project_statistics import compute_evidence

    chance, first = Random(7), date(2025, 4, 15)
    days = [first + timedelta(days=number) for number in range(1095)]
    level = [1.0 if n < 365 else min(0.7 + max(n - 600, 0) / 1000, 1) for n in range(1095)]
    lost = [Fraction(round(chance.gauss(100 * one, 12)), 1) for one in level]
    due, none = [Fraction(100)] * 1095, [Fraction(0)] * 1095
    parts = [slice(None, 365), slice(365, None)]
    before, after = (DailySeries(days[s], lost[s], due[s], none[s]) for s in parts)
    found = compute_evidence(before, after, 0.3)
    placebo = {
        "day": "2026-07-01", "reason": None, "scopes": 2, "at_least_as_large": 0, "share": 1 / 3,
        "are_enough": False, "fell": 0.2, "errors": 9.5, "counts": {"reason": "no units"},
        "others": [{"name": "line L2", "fell": 0.03, "errors": 1.2},
                   {"name": "line L3", "fell": -0.01, "errors": -0.4}],
    }  # fmt: skip
    await conn.execute(
        "insert into copq.project_verdict (project, until, is_proven, status, is_provisional, "
        "figures) values ($1, $2, true, 'eroding', false, $3)",
        project, days[-1], json.dumps(found.figures),
    )  # fmt: skip
    await conn.execute(
        # Of a day to come, so that a service that runs does not test it again.
        "insert into copq.project_evidence (project, day, days, decided, computed_at, statistics) "
        "select $1, $2, '', '0/' || count(*), now(), $3 from copq.project_step where project = $1 "
        "on conflict (project) do update set day = excluded.day, statistics = excluded.statistics",
        project, days[-1], json.dumps({**found.statistics, "placebo": placebo}),
    )  # fmt: skip


def _month(text: str) -> date:
    return date.fromisoformat(f"{text}-01")


TWO_PLANTS = (plant(), plant("south", "America/Chicago", "00:00", "USD"))


async def caps(conn: Any) -> int:
    """300 promised for May to July. May is measured, restated, claimed, reduced; June is claimed
    and waits; July is not measured yet."""
    await store_rates(conn, book(*TWO_PLANTS))
    await propose(conn, item())
    number = await realised(conn)
    await bridge(conn, number, "2026-05", 120, 95)
    await closed(conn, "2026-05", EVENING + timedelta(days=1))
    await bridge(conn, number, "2026-05", 120, 90, EVENING + timedelta(days=2))
    await bridge(conn, number, "2026-06", 110, 110)
    may = await claim(conn, number, "2026-05", 80)
    await decided(conn, may, "reduced", 70, in_budget=50)
    await claim(conn, number, "2026-06", 110)
    return number
