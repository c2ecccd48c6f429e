"""The pack for a management review: the answers of a plant and month, read in one snapshot.

Its inputs are those of IATF 16949, 9.3.2.1, cost of poor quality first. Other questions answer
them; nothing is computed here a second time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.bases.store import base_names, whole_plants
from copq.database.queries import Queries
from copq.figures.basis import As
from copq.figures.conformance_answer import (
    ConformanceAnswer,
    ConformanceRequest,
    answer_conformance,
)
from copq.figures.coq_answer import CoqAnswer, CoqRequest, answer_coq
from copq.figures.kpi_answer import KpiAnswer, KpiRequest, answer_kpis
from copq.figures.pack_losses import PackLosses, read_losses
from copq.figures.pack_months import TRAILING, PackMonth, Trailing, pack_months, trailing
from copq.figures.pack_request import PackQuery, PackRequest, back
from copq.figures.pack_signed import Signature, read_signatures
from copq.figures.portfolio import PortfolioAnswer, PortfolioRequest, answer_portfolio
from copq.figures.report import ReportQuery, report
from copq.figures.unpriced import UnpricedPart, WaitingCounts, count_waiting, unpriced_part
from copq.figures.why import WhyAnswer, WhyRequest, answer_why
from copq.ledger.figures import ReportRow, Scope
from copq.periods.period import What, month_name
from copq.periods.store import Step, steps
from copq.periods.unfinished import UnfinishedItems, unfinished_items
from copq.posting.open_stops import accrue
from copq.rates.book import RateBook
from copq.schemas.bases import PRODUCTION_BASE
from copq.targets.book import in_force
from copq.targets.store import history

__all__ = ["PackAnswer", "PackRequest", "answer_pack"]

_SQL = Queries.of(__file__)
UNPRICED_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Waits:
    """What the figures do not include yet, and what waits for a decision.

    `rejected` are events of all plants, None for a reader of some lines, who does not see them.
    """

    unpriced: UnpricedPart
    counts: WaitingCounts
    unfinished: UnfinishedItems
    rejected: int | None
    not_closed: list[date]


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """The key figures of the month by line, and those of the whole plant in other months."""

    month: KpiAnswer
    before: KpiAnswer
    year_ago: KpiAnswer


@dataclass(frozen=True, slots=True)
class PackAnswer:
    """A plant's month for its management review. Money is in `currency`, the plant's own.

    `is_whole` is false for a reader of some `lines`: the figures are theirs alone, and what was
    signed is not shown. `months` are up to three years, `elements` those of a year by month.
    `signature` is that of the reviewed month; a month without figures may have one, too.
    `why` is the reason in words where the change cannot be explained. `at` is the instant that the
    figures are as of; `revision` is that of the rate book; `entries` stand in the ledger.
    """

    query: PackQuery
    at: datetime
    zone: tzinfo
    currency: str
    is_whole: bool
    lines: list[str]
    revision: int
    entries: int
    months: list[PackMonth]
    signature: Signature | None
    coq: CoqAnswer
    by_line: CoqAnswer
    elements: list[ReportRow]
    losses: Mapping[str, PackLosses]
    why: WhyAnswer | str
    kpis: KeyFigures
    conformance: ConformanceAnswer
    portfolio: PortfolioAnswer
    steps: list[Step]
    waits: Waits

    @property
    def month(self) -> PackMonth | None:
        """The reviewed month; None where it has no figures in the plant's currency."""
        return next((one for one in self.months if one.month == self.query.month), None)

    @property
    def status(self) -> str:
        """In a sentence: who signed the month and when, or why it is provisional."""
        name = month_name(self.query.month)
        if not self.is_whole:
            return f"Of the lines {', '.join(self.lines)} alone, so not what was signed."
        if self.signature is not None:
            at = self.signature.closed_at.astimezone(self.zone)
            return (
                f"Signed by {self.signature.closed_by} on {at:%Y-%m-%d %H:%M %Z}"
                f" (closing {self.signature.closing}, {self.signature.state})."
            )
        reopened = [step for step in self.steps if step.what is What.REOPENED]
        if reopened:
            last = reopened[-1]
            return f"Provisional: {last.by} reopened {name} ({last.why})."
        running = "has not ended yet" if not self.query.is_over else "is not closed yet"
        return f"Provisional: {name} {running}."

    @property
    def trailing(self) -> Trailing:
        """The last twelve months together, the reviewed one included."""
        return trailing(self.last_months(0))

    @property
    def trailing_before(self) -> Trailing:
        """The twelve months before them."""
        return trailing(self.last_months(TRAILING))

    def last_months(self, back_by: int) -> list[PackMonth]:
        """Up to twelve months that end so many months before the reviewed one."""
        last = back(self.query.month, back_by)
        first = back(last, TRAILING - 1)
        return [one for one in self.months if first <= one.month <= last]

    @property
    def other_currencies(self) -> list[str]:
        """Currencies other than the pack's with costs in the month, which are never added."""
        found = {
            row.cut.currency for row in self.coq.each_row() if row.cut.period == self.query.month
        }
        return sorted(found - {self.currency})

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.months[0].as_json()) if self.months else ("month",)

    def table(self) -> list[dict[str, Any]]:
        """The months, as rows of `columns`."""
        return [one.as_json() for one in self.months]

    def as_json(self) -> dict[str, Any]:
        why = self.why if isinstance(self.why, str) else self.why.as_json()
        return {
            "plant": self.query.plant, "month": month_name(self.query.month), "at": self.at,
            "currency": self.currency, "is_whole": self.is_whole, "lines": self.lines,
            "is_signed": self.signature is not None, "status": self.status,
            "revision": self.revision, "entries": self.entries,
            "months": self.table(), "by_line": self.by_line.as_json()["rows"],
            "problems": self._problems_json(), "why": why,
            "key_figures": self.kpis.month.as_json(),
            "conformance": self.conformance.as_json(), "projects": self.portfolio.as_json(),
            "unfinished": self.waits.unfinished.counts, "rejected": self.waits.rejected,
            "not_closed": [month_name(month) for month in self.waits.not_closed],
        }  # fmt: skip

    def _problems_json(self) -> list[dict[str, Any]]:
        return [
            {
                "rank": one.rank, "function": one.problem.function,
                "problem": one.problem.problem, "currency": currency, "cost": one.problem.cost,
                "hours": one.problem.hours, "entries": one.problem.frequency,
                "share": one.share, "cumulative_share": one.cumulative_share,
            }
            for currency, losses in self.losses.items()
            for one in losses.ranked
        ]  # fmt: skip


async def answer_pack(
    conn: Connection, book: RateBook, request: PackRequest, now: datetime
) -> PackAnswer:
    """The pack of a plant and month. One snapshot.

    Raises `ValueError` on an unknown plant or a month that is not possible.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        query = await request.query(conn, book, now)
        at = min(await query.instant(conn), now)
        currency = query.site.currency_at(query.site.calendar.start_of(query.month))
        return await _answer(conn, book, query, at, currency)


async def _answer(
    conn: Connection, book: RateBook, query: PackQuery, at: datetime, currency: str
) -> PackAnswer:
    plant = query.plant
    coq = await answer_coq(conn, book, await _coq_request(conn, query), at, None)
    first = await answer_coq(conn, book, _months(query, reported=As.FIRST_REPORTED), at, None)
    is_whole = plant in await whole_plants(conn, {plant})
    # What is of the whole plant is shown to nobody who sees only some of its lines.
    signatures = await read_signatures(conn, query, currency) if is_whole else {}
    targets = await _targets(conn, query, at) if is_whole else {}
    months = pack_months(coq, first, currency, targets, signatures)
    accrued = await accrue(conn, book, Scope(plant), at)
    return PackAnswer(
        query=query, at=at, zone=query.site.calendar.zone, currency=currency,
        is_whole=is_whole, lines=sorted(query.site.lines), revision=book.revision,
        entries=await conn.fetchval(*_SQL.pack_entries(plant=plant)), months=months,
        signature=signatures.get(query.month), coq=coq,
        by_line=await answer_coq(conn, book, _by_line(query), at, None),
        elements=await report(conn, book, _by_element(query), at),
        losses=await read_losses(conn, query, accrued),
        why=await _why(conn, book, query, at), kpis=await _key_figures(conn, book, query, at),
        conformance=await answer_conformance(
            conn, book, ConformanceRequest(plant=plant, **_text_of(query)), at
        ),
        portfolio=await answer_portfolio(
            conn, book, PortfolioRequest(plant=plant, end=month_name(query.end)), at, None
        ),
        steps=await steps(conn, plant, query.month) if is_whole else [],
        waits=await _waits(conn, query, months, at, is_whole=is_whole),
    )  # fmt: skip


def _text_of(query: PackQuery) -> dict[str, str]:
    return {"start": month_name(query.first), "end": month_name(query.end)}


def _months(query: PackQuery, **more: Any) -> CoqRequest:
    return CoqRequest(plant=query.plant, **_text_of(query), **more)


async def _coq_request(conn: Connection, query: PackQuery) -> CoqRequest:
    """On the base of production, and on each that finance has imported."""
    return _months(query, base=",".join((PRODUCTION_BASE, *await base_names(conn))))


def _by_line(query: PackQuery) -> CoqRequest:
    return CoqRequest(
        plant=query.plant, by="line", start=month_name(query.month), end=month_name(query.end)
    )


def _by_element(query: PackQuery) -> ReportQuery:
    first = back(query.month, TRAILING - 1)
    return ReportQuery(query.plant, by=("element",), grain="month", start=first, end=query.end)


async def _why(conn: Connection, book: RateBook, query: PackQuery, at: datetime) -> WhyAnswer | str:
    request = WhyRequest(plant=query.plant, month=month_name(query.month))
    try:
        return await answer_why(conn, book, request, at)
    except ValueError as impossible:
        return str(impossible)


async def _key_figures(
    conn: Connection, book: RateBook, query: PackQuery, at: datetime
) -> KeyFigures:
    async def of(month: date, by: str) -> KpiAnswer:
        request = KpiRequest(
            plant=query.plant, by=by, start=month.isoformat(), end=back(month, -1).isoformat()
        )
        return await answer_kpis(conn, book, request, at, None)

    month = query.month
    return KeyFigures(
        await of(month, "line"), await of(back(month, 1), "plant"),
        await of(back(month, TRAILING), "plant"),
    )  # fmt: skip


async def _targets(conn: Connection, query: PackQuery, at: datetime) -> dict[date, Decimal | None]:
    """The plant's target of each month, as it was in force at the month's end."""
    targets, budgets = await history(conn)
    calendar = query.site.calendar
    months = [back(query.first, -number) for number in range((query.end - query.first).days // 28)]
    return {
        month: in_force(targets, budgets, min(calendar.start_of(back(month, -1)), at)).target(
            query.plant, window="month"
        )
        for month in months
        if month < query.end
    }


async def _waits(
    conn: Connection, query: PackQuery, months: Sequence[PackMonth], at: datetime, *,
    is_whole: bool,
) -> Waits:  # fmt: skip
    sees_all = await conn.fetchval("select copq.sees_all()")
    return Waits(
        await unpriced_part(conn, at, UNPRICED_SHOWN, query.plant),
        await count_waiting(conn, Scope(query.plant), at),
        await unfinished_items(conn, query.site, query.month),
        await conn.fetchval(*_SQL.pack_rejected()) if sees_all else None,
        [one.month for one in months if one.signature is None] if is_whole else [],
    )  # fmt: skip
