"""The portfolio of improvement projects: what was promised, measured, claimed and validated."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.figures.portfolio_reading import ProjectFacts, Window, read_facts
from copq.figures.portfolio_request import PortfolioQuery, PortfolioRequest
from copq.figures.portfolio_rows import (
    PortfolioRow,
    PortfolioTotal,
    ProjectMoney,
    figures_of,
    type_json,
)
from copq.improvement.evidence.discoveries import e_discoveries
from copq.improvement.projects.plan import BenefitType, add_months
from copq.improvement.savings.portfolio import STEPS, TypeSums
from copq.projects.store import projects
from copq.rates.book import RateBook

__all__ = ["PortfolioAnswer", "PortfolioRequest", "PortfolioRow", "PortfolioTotal",
           "answer_portfolio"]  # fmt: skip

MONEY_COLUMNS = (
    "promised", "forecast", "gross", "realised", "first_reported", "restated", "claimed",
    "validated", "in_budget", "variance", "realisation_rate", "invested", "roi", "payback", "npv",
    "irr", "return_on_quality", "in_year", "carry_over", "run_rate", "promised_in_year",
    "promised_carry_over", "promised_run_rate", *STEPS, "excess", "waits_since", "reasons",
)  # fmt: skip
COLUMNS = (
    "plant", "project", "state", "owner", "sponsor", "starts", "status", "is_proven",
    "is_discovery", "currency", *MONEY_COLUMNS,
)  # fmt: skip
TYPE_COLUMNS = (
    "plant", "project", "owner", "type", "currency", "promised", "forecast", "claimed",
    "validated", "in_budget", "variance", "realisation_rate", "is_counted",
)  # fmt: skip
TOTAL_COLUMNS = ("by", "name", "currency", "projects", *MONEY_COLUMNS)
TABLES = {"projects": COLUMNS, "types": TYPE_COLUMNS, "totals": TOTAL_COLUMNS}
"""The tables that CSV may have, and their columns."""


@dataclass(frozen=True, slots=True)
class Discoveries:
    """How many of the tested savings are discoveries at a rate of false ones."""

    rate: Decimal
    tested: int
    named: int

    @property
    def words(self) -> str:
        are = "is a discovery" if self.named == 1 else "are discoveries"
        return f"{self.named} of {self.tested} tested savings {are}. {self.meaning}"

    @property
    def meaning(self) -> str:
        rate = f"{self.rate * 100:f}"
        shown = rate.rstrip("0").rstrip(".") if "." in rate else rate
        return (
            f"Of the savings named, on average at most {shown} % saved nothing, however the "
            "projects depend on each other (e-BH). It assumes what each project's e-value assumes."
        )

    def as_json(self) -> dict[str, Any]:
        return {"rate": self.rate, "tested": self.tested, "named": self.named,
                "basis": self.words}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PortfolioAnswer:
    """The projects by plant and name, at most `most` of them in the rows; totals are of all.

    Effects are of the year that begins with `year_begins`. `shown` names the table of `table`.
    """

    query: PortfolioQuery
    at: datetime
    end: date
    year_begins: date
    all_rows: Sequence[PortfolioRow]
    totals: Sequence[PortfolioTotal]
    most: int | None
    shown: str = "projects"

    @property
    def rows(self) -> Sequence[PortfolioRow]:
        return self.all_rows[: self.most]

    @property
    def discoveries(self) -> "Discoveries":
        tested = [row.is_discovery for row in self.all_rows if row.is_discovery is not None]
        return Discoveries(self.query.false_discoveries, len(tested), sum(tested))

    @property
    def columns(self) -> tuple[str, ...]:
        return TABLES[self.shown]

    def table(self) -> list[dict[str, Any]]:
        """The rows of `columns`, with all reasons in one cell."""
        if self.shown == "types":
            return self.types_json()
        if self.shown == "totals":
            return [_one_cell(row) for row in self._totals_json()]
        return [_one_cell(row.as_json()) for row in self.rows]

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at, "from": self.query.start, "to": self.end,
            "year": self.year_begins.year, "counted": list(self.query.counted),
            "rows": [row.as_json() for row in self.rows], "rows_total": len(self.all_rows),
            "types": self.types_json(), "totals": self._totals_json(),
            "discoveries": self.discoveries.as_json(), "basis": self.query.basis,
        }  # fmt: skip

    def _totals_json(self) -> list[dict[str, Any]]:
        return [one.as_json() for one in self.totals]

    def types_json(self) -> list[dict[str, Any]]:
        """What each project of the rows has by type; then each type of all projects."""
        own = [
            self._type(row.facts.project.plan.currency, kind, found.sums, row)
            for row in self.rows
            for kind, found in row.facts.types.items()
            if self.query.type in (None, kind)
        ]
        return own + [self._type(*total) for total in self.type_totals()]

    def type_totals(self) -> Iterator[tuple[str, BenefitType, TypeSums]]:
        """Each currency and type of all projects."""
        found: dict[tuple[str, BenefitType], list[TypeSums]] = defaultdict(list)
        for row in self.all_rows:
            for kind, facts in row.facts.types.items():
                if self.query.type not in (None, kind):
                    continue
                found[row.facts.project.plan.currency, kind].append(facts.sums)
        for (currency, kind), sums in sorted(found.items()):
            yield currency, kind, TypeSums.of(sums)

    def _type(
        self, currency: str, kind: BenefitType, sums: TypeSums, row: PortfolioRow | None = None
    ) -> dict[str, Any]:
        project = row and row.facts.project
        return {
            "plant": project and project.plant, "project": project and project.name,
            "owner": project and project.owner, "type": kind, "currency": currency,
            **type_json(sums), "is_counted": kind in self.query.counted,
        }  # fmt: skip


def _one_cell(row: dict[str, Any]) -> dict[str, Any]:
    reasons = "; ".join(f"{name}: {reason}" for name, reason in row["reasons"].items())
    return {**row, "reasons": reasons}


async def answer_portfolio(
    conn: Connection, book: RateBook, request: PortfolioRequest, now: datetime,
    most: int | None, shown: str = "projects",
) -> PortfolioAnswer:  # fmt: skip
    """At most `most` rows; None: all of them. One snapshot; nothing of it reads the ledger.

    Raises `ValueError` on an unknown plant, owner or type, or months that are not possible.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        known = await projects(conn, request.plant)
        owners = tuple(sorted({one.owner for one in known}))
        query = await request.query(conn, book, owners)
        asked = [
            Window(one, query.start, query.end_in(one.plant, book, now))
            for one in known
            if query.owner in (None, one.owner)
        ]
        facts = await read_facts(conn, book, asked)
    return await asyncio.to_thread(_answer, query, book, facts, now, most, shown)


def _answer(
    query: PortfolioQuery, book: RateBook, facts: list[ProjectFacts], now: datetime,
    most: int | None, shown: str,
) -> PortfolioAnswer:  # fmt: skip
    if query.type is not None:
        facts = [one for one in facts if query.type in one.types]
    end = max((one.end for one in facts), default=query.end_in(query.plant or "", book, now))
    year_begins = add_months(end, -1).replace(month=1)
    money = [ProjectMoney.of(one, query, year_begins) for one in facts]
    rows = list(_rows(money, query.false_discoveries))
    totals = list(_totals(money))
    return PortfolioAnswer(query, now, end, year_begins, rows, totals, most, shown)


def _rows(projects: Sequence[ProjectMoney], rate: Decimal) -> Iterator[PortfolioRow]:
    """The projects, each with whether its saving is a discovery among all that were tested."""
    evidence = {
        number: one.facts.verdict.log_evidence
        for number, one in enumerate(projects)
        if one.facts.verdict is not None and one.facts.verdict.log_evidence is not None
    }
    named = dict(zip(evidence, e_discoveries(list(evidence.values()), rate), strict=True))
    for number, one in enumerate(projects):
        yield PortfolioRow(one.facts, figures_of([one]), named.get(number))


def _totals(projects: Iterable[ProjectMoney]) -> Iterator[PortfolioTotal]:
    """All projects of a currency, those of each plant, and those of each owner."""
    found: dict[tuple[str, str, str], list[ProjectMoney]] = defaultdict(list)
    for one in projects:
        project = one.facts.project
        for by, name in (("all", ""), ("plant", project.plant), ("owner", project.owner)):
            found[by, name, project.plan.currency].append(one)
    for (by, name, currency), of in sorted(found.items()):
        yield PortfolioTotal(by, name or None, currency, len(of), figures_of(of))
