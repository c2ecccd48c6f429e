"""Whether a project's saving is proven, and whether it lasts: tested once a day, and kept.

It loads scipy and statsmodels, which are slow: import it where projects are measured.
"""

import asyncio
import json
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.project_months import PlantMonths
from copq.figures.project_placebos import PlantLosses, compare_scopes
from copq.figures.project_series import DailySeries
from copq.figures.project_statistics import compute_evidence, placebo_json
from copq.figures.project_watch import Watched
from copq.improvement.evidence.verdict import Status
from copq.improvement.projects.plan import BenefitType, share_of_month
from copq.projects.store import promises

_SQL = Queries.of(__file__)
PLACEBOS_AGAIN = timedelta(days=7)
"""Comparing with other scopes reads the days of the whole plant."""

_MONEY_SAVED = (BenefitType.HARD, BenefitType.AVOIDANCE)
_LASTS = {
    Status.TOO_EARLY: (None, "not enough data"),
    Status.NOT_PROVEN: (False, "not enough data"),
    Status.PROVEN: (True, "holding"),
    Status.ERODING: (True, "eroding"),
    Status.LOST: (True, "lost"),
}
"""Whether it is proven, and its status, as the table has them."""


async def keep_evidence(
    conn: Connection, months: PlantMonths, losses: PlantLosses, one: Watched, today: date,
    inputs: Mapping[str, Any],
) -> None:  # fmt: skip
    """Test all whole production days since the start, and keep what the tests say.

    A verdict is added where something differs; all other statistics take the place of the former
    ones. Before there is a day, only the inputs are kept.
    """
    since = await months.since_start(one, today)
    statistics = None
    if since.days:
        statistics = await _test(conn, months, losses, one, since, today)
    await conn.execute(*_SQL.keep_evidence(
        project=one.id, day=today, days=inputs["days"], decided=inputs["decided"],
        statistics=statistics and json.dumps(statistics),
    ))  # fmt: skip


async def _test(
    conn: Connection, months: PlantMonths, losses: PlantLosses, one: Watched, since: DailySeries,
    today: date,
) -> dict[str, Any]:  # fmt: skip
    before = await months.baseline_days(one)
    promised = await _promised(conn, one, since)
    tested = await asyncio.to_thread(compute_evidence, before, since, promised)
    proven, status = _LASTS[tested.verdict.status]
    await conn.execute(*_SQL.add_verdict(
        project=one.id, until=since.days[-1], is_proven=proven, status=status,
        is_provisional=tested.verdict.is_provisional, figures=json.dumps(tested.figures),
    ))  # fmt: skip
    kept = await conn.fetchval(*_SQL.kept_placebo(project=one.id))
    placebo = json.loads(kept) if kept else None
    if placebo is None or date.fromisoformat(placebo["day"]) + PLACEBOS_AGAIN <= today:
        found = await compare_scopes(conn, losses, one, since.days[-1])
        placebo = placebo_json(found, today)
    return {**tested.statistics, "placebo": placebo}


async def _promised(conn: Connection, one: Watched, since: DailySeries) -> float | None:
    """The promise of the time since the start, as a share of what the baseline lets expect in it.

    Of a month that is not whole, the promise counts by its calendar days.
    """
    expected = sum(since.expected, Fraction())
    spans = one.spans_of(one.project.plan.starts, since.days[-1])
    money = sum(
        (Fraction(p.amount) * share_of_month(p.month, span.first, span.last)
         for p in await promises(conn, [one.id]) if p.type in _MONEY_SAVED for span in spans),
        Fraction(),
    )  # fmt: skip
    return float(money / expected) if money > 0 and expected > 0 else None
