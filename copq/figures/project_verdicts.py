"""Whether a project's saving is proven, and whether it lasts: from its kept days.

It loads scipy, which is slow: import it where projects are measured.
"""

import json
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from math import isfinite
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.project_months import PlantMonths
from copq.figures.project_series import DailySeries
from copq.figures.project_watch import Watched
from copq.improvement.evidence.verdict import Status, Verdict, verdict
from copq.improvement.projects.plan import BenefitType, share_of_month
from copq.projects.store import promises

_SQL = Queries.of(__file__)
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
    since = await months.since_start(one, today)
    if not since.days:
        return None
    before = await months.baseline_days(one)
    promised = await _promised(conn, one, since)
    found = verdict(before.statistics_days(), since.statistics_days(), promised)
    proven, status = _LASTS[found.status]
    row = {
        "project": one.id, "until": since.days[-1], "is_proven": proven, "status": status,
        "is_provisional": found.is_provisional, "figures": json.dumps(_figures(found)),
    }  # fmt: skip
    await conn.execute(*_SQL.add_verdict(**row))
    return found


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
