"""The first line of a project's export: everything but its entries."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.project_months import PlantMonths
from copq.figures.project_watch import Watched, running_on, sharing
from copq.improvement.savings.measured import not_routine
from copq.ledger.money import digits
from copq.projects.evidence import rate_text
from copq.projects.plan_json import plain
from copq.projects.store import (
    Project,
    accepted_amounts,
    evidence,
    investments,
    non_routine,
    shares,
    substitutes,
)
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)
FORMAT = "copq.project/1"


async def head_of(
    conn: Connection, own: Watched, found: Sequence[Watched], frozen: Mapping[str, RateBook],
    now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """What approval froze, the months' bridges, and every decision, in one order.

    `frozen` has the frozen rates of the projects whose entries are exported, by name.
    """
    one, its = own.project, {"project": own.id}
    months = await conn.fetch(*_SQL.export_months(**its))
    names = {other.id: other.project.name for other in found}
    others = _Others(conn, own, found, sorted({row["month"] for row in months}))
    since = min((row["month"] for row in months), default=one.plan.starts)
    return {
        "format": FORMAT,
        "exported_at": _plain(now),
        "plant": one.plant,
        "project": one.name,
        "number": one.id,
        "runs": _runs(own),
        "owners": sorted(one.owners),
        "digits": digits(one.plan.currency),
        **await _frozen(conn, own),
        "steps": _steps(one),
        "rates": {of: rates_json(book, one.plant) for of, book in frozen.items()},
        "others": [await others.json(other) for other in found if other.id != one.id],
        "shares": [_shares(row, names) for row in await shares(conn, one.plant)],
        "investments": _rows(await investments(conn, [one.id])),
        "non_routine": _rows(await non_routine(conn, [one.id])),
        "substitutes": _rows(await substitutes(conn, [one.id])),
        "months": _rows(months),
        "claims": _rows(await conn.fetch(*_SQL.export_claims(**its))),
        "validations": _rows(await conn.fetch(*_SQL.export_validations(**its))),
        "closings": _rows(await conn.fetch(*_SQL.export_closings(plant=one.plant, since=since))),
    }


async def _frozen(conn: Connection, one: Watched) -> dict[str, Any]:
    return {
        "evidence": await evidence(conn, one.id), "sha256": one.freeze.sha256.hex(),
        "frozen_at": _plain(one.freeze.frozen_at), "frozen_by": one.freeze.frozen_by,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Others:
    """The other approved projects of the plant, whose scopes may hold the same losses."""

    conn: Connection
    own: Watched
    found: Sequence[Watched]
    months: Sequence[date]

    async def json(self, other: Watched) -> dict[str, Any]:
        return {
            "project": other.project.name, "number": other.id, "runs": _runs(other),
            **await _frozen(self.conn, other), "steps": _steps(other.project),
            "substitutes": _rows(await substitutes(self.conn, [other.id])),
            "not_routine": [row async for row in self._not_routine(other)],
        }  # fmt: skip

    async def _not_routine(self, other: Watched) -> AsyncIterator[dict[str, Any]]:
        """The parts of its accepted amounts that are of losses which this project shares."""
        names = {one.id: one.project.name for one in self.found}
        amounts = await accepted_amounts(self.conn, [other.id])
        months = PlantMonths(self.conn, self.found)
        for month in self.months:
            if (other.id, month) not in amounts or other not in sharing(self.own, self.found):
                continue
            own, _ = await months.exact(other, month)
            for members, parts in not_routine(own, running_on(own.days, self.found)).items():
                if self.own.id in members:
                    for of, part in parts.items():
                        yield {
                            "month": str(month), "evidence": of, "amount": _plain(part),
                            "projects": sorted(names[member] for member in members),
                        }  # fmt: skip


def _runs(one: Watched) -> list[dict[str, str | None]]:
    """The production days on which a project counts; without a last one while it runs."""
    return [
        {"first": str(span.first), "last": None if span.last == date.max else str(span.last)}
        for span in one.spans
    ]


def _steps(one: Project) -> list[dict[str, Any]]:
    return [
        {"what": s.what, "state": str(s.state), "at": _plain(s.at), "by": s.by} for s in one.steps
    ]


def rates_json(frozen: RateBook, plant: str) -> list[dict[str, Any]]:
    """The frozen rates of a plant: for each, the revision that brought it, and what it says. The
    evidence has the SHA-256 of each text."""
    found = [
        {"kind": kind, "name": name, "revision": one.version, "text": rate_text(one.item)}
        for kind, name, one in frozen.named_items()
        if one.item.plant in (None, plant)
    ]
    return sorted(found, key=lambda rate: (rate["kind"], rate["name"]))


def _shares(row: Any, names: Mapping[int, str]) -> dict[str, Any]:
    parts = {names[of]: str(part) for of, part in sorted(row.shares.items()) if of in names}
    return {
        "from_month": str(row.from_month), "shares": parts, "set_at": _plain(row.set_at),
        "set_by": row.set_by, "why": row.why,
    }  # fmt: skip


def _rows(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Rows or dataclasses, without the project's number, which means nothing elsewhere."""
    found = []
    for row in rows:
        fields = row.keys() if hasattr(row, "keys") else row.__slots__
        values = ((f, row[f] if hasattr(row, "keys") else getattr(row, f)) for f in fields)
        found.append({field: _plain(value) for field, value in values if field != "project"})
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Fraction | str) else value
