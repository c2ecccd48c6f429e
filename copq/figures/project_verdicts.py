"""Whether a project's saving is proven, and whether it lasts: from its kept days.

It loads scipy, which is slow: import it where projects are measured.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import isfinite
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.project_months import PlantMonths, lost_and_expected
from copq.figures.project_watch import Watched
from copq.improvement.evidence.days import Days
from copq.improvement.evidence.verdict import Status, Verdict, verdict
from copq.improvement.projects.plan import BenefitType, share_of_month
from copq.improvement.savings.measured import Cells, Measured
from copq.projects.store import promises

_SQL = Queries.of(__file__)
_DAY = timedelta(days=1)
_MONEY_SAVED = (BenefitType.HARD, BenefitType.AVOIDANCE)
_LASTS = {
    Status.TOO_EARLY: (None, "not enough data"),
    Status.NOT_PROVEN: (False, "not enough data"),
    Status.PROVEN: (True, "holding"),
    Status.ERODING: (True, "eroding"),
    Status.LOST: (True, "lost"),
}
"""Whether it is proven, and its status, as the table has them."""


async def keep_verdict(
    conn: Connection, months: PlantMonths, one: Watched, today: date
) -> Verdict | None:
    """Test all whole production days since the start. A row is added where something differs; None
    before there is a day."""
    own, days = await months.since_start(one, today)
    if not days:
        return None
    before = await months.baseline_days(one)
    found = verdict(_days(own, before), _days(own, days), await _promised(conn, one, own, days))
    proven, status = _LASTS[found.status]
    row = {
        "project": one.id, "until": max(days), "is_proven": proven, "status": status,
        "is_provisional": found.is_provisional, "figures": json.dumps(_figures(found)),
    }  # fmt: skip
    await conn.execute(*_SQL.add_verdict(**row))
    return found


def _days(own: Measured, days: Mapping[date, Cells]) -> Days:
    return Days.recorded(*lost_and_expected(own, days), sorted(days))


async def _promised(
    conn: Connection, one: Watched, own: Measured, days: Mapping[date, Cells]
) -> float | None:
    """The promise of the time since the start, as a share of what the baseline lets expect in it.

    Of a month that is not whole, the promise counts by its calendar days.
    """
    _, expected = lost_and_expected(own, days)
    first, last = one.project.plan.starts, max(days)
    money = sum(
        (Fraction(p.amount) * share_of_month(p.month, first, last)
         for p in await promises(conn, [one.id]) if p.type in _MONEY_SAVED),
        Fraction(),
    )  # fmt: skip
    return float(money) / sum(expected) if money > 0 and sum(expected) > 0 else None


def _figures(found: Verdict) -> dict[str, Any]:
    names: Sequence[str] = (
        "days", "proven_after", "days_needed", "sought", "share", "low", "high", "share_of_late",
        "log_evidence",
    )  # fmt: skip
    return {
        "verdict": str(found.status), "words": found.words, "promised": str(found.promised),
        "alarm_on": found.alarm_on and str(found.alarm_on),
        **{name: _finite(getattr(found, name)) for name in names},
    }  # fmt: skip


def _finite(number: float | None) -> float | None:
    """JSON has no infinity."""
    return number if number is not None and isfinite(number) else None
