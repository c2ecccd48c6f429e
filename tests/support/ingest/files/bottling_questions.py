"""Questions to four days of the bottling plant, and what is computed from their answers."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from copq.figures.books import Books, Reading
from copq.figures.entries_answer import EntriesAnswer, answer_entries
from copq.figures.entries_request import EntriesRequest
from copq.figures.report_answer import ReportRequest, answer_report
from copq.ledger.figures import ReportRow
from copq.rates.store import load

NOW = datetime(2025, 7, 1, tzinfo=UTC)
FIRST, LAST = "2025-06-05", "2025-06-09"
_HOUR = timedelta(hours=1)
Hours = set[tuple[str, datetime]]
"""Hours of lines, by their start."""


class Scrap(NamedTuple):
    """Scrap at cost, and its share of the cost of production."""

    scrap: Decimal
    share: Decimal


async def entries(conn: Any, **asked: Any) -> EntriesAnswer:
    request = EntriesRequest(plant="bottling", start=FIRST, end=LAST, **asked)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        return await answer_entries(Reading(conn, await load(conn), Books(), NOW), request, 500)


async def speeds(conn: Any, product: str) -> list[int]:
    """Units of an entry, of each line: an entry is five minutes of a palletizer that runs."""
    found = []
    for line in "123":
        whole = (await entries(conn, line=line, product=product, element="production")).whole
        assert whole is not None
        [part] = whole.parts
        found.append(round(part.quantity / part.entries))
    return found


async def hours_after_changeovers(conn: Any) -> Hours:
    """The hours in which a changeover ended, and the hour after each."""
    stops = (await entries(conn, element="planned_stop", defect_code="PLN-CO")).entries
    ends = [(one.line, one.occurred_at + timedelta(seconds=int(one.seconds))) for one, _ in stops]
    ended = {(line, at.replace(minute=0)) for line, at in ends}
    return ended | {(line, hour + _HOUR) for line, hour in ended}


async def scrap_of_hours(conn: Any, hours: Hours) -> tuple[Scrap, Scrap]:
    """The scrap of these hours, and of all others."""
    asked = ReportRequest(
        plant="bottling", by="line", grain="hour", element="defect", start=f"{FIRST}T06:00",
        end=f"{LAST}T06:00",
    )  # fmt: skip
    rows = (await answer_report(conn, await load(conn), asked, NOW, 1_000)).rows
    within = [row for row in rows if (row.dims["line"], row.bucket) in hours]
    return _scrap(within), _scrap(row for row in rows if row not in within)


def _scrap(rows: Iterable[ReportRow]) -> Scrap:
    part = list(rows)
    scrap, made = (sum((getattr(row, of) for row in part), Decimal(0)) for of in ("copq", "base"))
    return Scrap(scrap, round(scrap / made, 3))
