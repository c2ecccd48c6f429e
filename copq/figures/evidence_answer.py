"""Whether a project's saving is proven, and whether it lasts: as its days were tested last."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.evidence_words import ASSUMES, METHODS, e_value_words, words_of
from copq.figures.names import check_names
from copq.projects.store import Project, project
from copq.rates.book import RateBook
from copq.schemas.names import canonical

_SQL = Queries.of(__file__)
PARTS = ("regression", "placebo", "trend_before", "trend", "levels", "forecast", "single",
         "average", "counts")  # fmt: skip
"""What is shown next to the verdict; none of it changes the status."""

COLUMNS = ("day", "is_baseline", "lost", "not_routine", "expected", "level", "log_evidence",
           "moving_average")  # fmt: skip
NOT_TESTED = "no production day since its start has been tested yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRequest:
    """The evidence of a project."""

    plant: str
    project: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the tests say of a project's days, computed on the production day `day`.

    `verdict` has the figures of the verdict; `parts` each of `PARTS`, with its words and what it
    assumes.
    """

    day: date
    computed_at: datetime
    until: date
    verdict: Mapping[str, Any]
    parts: Mapping[str, Mapping[str, Any]]
    band: Mapping[str, Any] | None
    days: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class EvidenceAnswer:
    """The evidence of a project, None before its days were tested; `reason` says why. JSON has the
    last `most` days (None: all)."""

    at: datetime
    project: Project
    evidence: Evidence | None
    reason: str | None
    most: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return COLUMNS

    def table(self) -> list[dict[str, Any]]:
        """The daily series: the baseline, then the days since the start."""
        return [dict(one) for one in self.evidence.days] if self.evidence else []

    def as_json(self) -> dict[str, Any]:
        found, plan, rows = self.evidence, self.project.plan, self.table()
        return {
            "at": self.at, "plant": self.project.plant, "project": self.project.name,
            "currency": plan.currency, "starts": plan.starts,
            "baseline_first": plan.baseline_first, "baseline_last": plan.baseline_last,
            "reason": self.reason,
            "tested_on": found and found.day, "tested_until": found and found.until,
            "computed_at": found and found.computed_at, "verdict": found and found.verdict,
            **{name: found and found.parts[name] for name in PARTS},
            "band": found and found.band,
            "days": rows[-self.most:] if self.most else rows, "days_total": len(rows),
            "methods": METHODS,
        }  # fmt: skip


async def answer_evidence(
    conn: Connection, book: RateBook, request: EvidenceRequest, now: datetime,
    most: int | None = None,
) -> EvidenceAnswer:  # fmt: skip
    """The evidence of a project as it was kept last; nothing is computed.

    Raises `ValueError` on an unknown plant or project.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        plant = canonical(request.plant)
        await check_names(conn, book, plant)
        found = await project(conn, plant, canonical(request.project))
        return await read_evidence(conn, found, now, most)


async def read_evidence(
    conn: Connection, found: Project, now: datetime, most: int | None = None
) -> EvidenceAnswer:
    """The evidence of a project. Call it in a snapshot."""
    if found.freeze is None:
        reason = f"it is {found.state}: its days are tested once it is approved"
        return EvidenceAnswer(now, found, None, reason, most)
    row = await conn.fetchrow(*_SQL.newest_evidence(project=found.id))
    if row is None or row["statistics"] is None or row["figures"] is None:
        return EvidenceAnswer(now, found, None, NOT_TESTED, most)
    return EvidenceAnswer(now, found, _evidence(row), None, most)


def _evidence(row: Mapping[str, Any]) -> Evidence:
    kept = json.loads(row["statistics"], parse_float=Decimal)
    figures = json.loads(row["figures"], parse_float=Decimal)
    placebo = kept["placebo"]
    parts = {**kept, "counts": placebo.get("counts") or {"reason": placebo["reason"]}}
    return Evidence(
        day=row["day"], computed_at=row["computed_at"], until=row["until"],
        verdict={
            "status": row["status"], "is_proven": row["is_proven"],
            "is_provisional": row["is_provisional"], **figures,
            "e_value": e_value_words(figures["log_evidence"]), "assumes": ASSUMES["verdict"],
        },
        parts={name: _part(name, parts[name]) for name in PARTS},
        band=kept["band"], days=_days(kept),
    )  # fmt: skip


def _part(name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in part.items() if key not in ("values", "counts")}
    return {**shown, "words": words_of(name, part), "assumes": ASSUMES[name]}


def _days(kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The kept days as rows of `COLUMNS`; those since the start have evidence and average."""
    averages = kept["average"].get("values") or []
    before = kept["baseline_days"]
    return [
        {
            "day": date.fromisoformat(day), "is_baseline": n < before, "lost": Decimal(str(lost)),
            "not_routine": Decimal(str(out)), "expected": Decimal(str(due)),
            "level": round(Decimal(str(lost)) / Decimal(str(due)), 6), "log_evidence": evidence,
            "moving_average": averages[n - before] if n >= before and averages else None,
        }
        for n, (day, lost, out, due, evidence) in enumerate(kept["days"])
    ]  # fmt: skip
