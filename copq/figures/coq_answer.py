"""The answer to the cost-of-quality report: all renderers show the same."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from asyncpg import Connection

from copq.bases.store import bases_of_months, whole_plants
from copq.figures.answers import basis_json, held_json
from copq.figures.basis import As
from copq.figures.coq_bases import Bases, Budgets
from copq.figures.coq_request import CUTS, CoqQuery, CoqRequest
from copq.figures.coq_rows import Comparisons, CoqRow, coq_columns, coq_row_json
from copq.figures.coq_sums import Cut, CutSums, Place, cuts_of, read_sums, totals_of
from copq.figures.missing_exchange_rates import MissingRates, missing_rates_json
from copq.figures.report import accrued_cells, report_lacks
from copq.figures.unpriced import WaitingCounts, count_waiting
from copq.improvement.coq_report import FIGURES
from copq.rates.book import RateBook
from copq.targets.store import history

__all__ = ["COQ_BASIS", "CUTS", "CoqAnswer", "CoqQuery", "CoqRequest", "CoqRow", "answer_coq"]

COQ_BASIS = (
    "An estimate at standard rates, for finance to reconcile. COPQ is failure alone; CoQ is "
    "prevention + appraisal + COPQ. Each percentage names its base."
)


@dataclass(frozen=True, slots=True)
class CoqAnswer:
    """The first rows, how many there are, and the totals of all months and cuts.

    `known` are the sums of the cuts that are shown, in all months that are compared.
    """

    query: CoqQuery
    at: datetime
    shown: list[CutSums]
    known: Mapping[Cut, CutSums]
    report: Comparisons
    most: int | None
    rows_total: int
    totals: list[CoqRow]
    lacks: list[MissingRates] | None
    waiting: WaitingCounts

    def each_row(self) -> Iterator[CoqRow]:
        """Made one by one: all figures of many lines and months do not fit into memory."""
        return islice((row for sums in self.shown for row in self.report.rows(sums)), self.most)

    @property
    def rows(self) -> list[CoqRow]:
        return list(self.each_row())

    def cut_rows(self) -> Iterator[CoqRow]:
        """Each cut over all months; of an answer that was asked for all its rows."""
        return (row for sums in cuts_of(self.shown) for row in self.report.rows(sums))

    def as_json(self) -> dict[str, Any]:
        shown, reported = self.query.shown, str(self.query.shown.basis)
        return {
            "at": self.at, "from": shown.start, "to": shown.end, **basis_json(shown.basis),
            "bases": list(self.query.bases),
            "rows": list(self.table()), "rows_total": self.rows_total,
            "totals": [coq_row_json(row, (), reported) for row in self.totals],
            **missing_rates_json(self.lacks), **held_json(self.waiting), "basis": COQ_BASIS,
        }  # fmt: skip

    @property
    def columns(self) -> tuple[str, ...]:
        return coq_columns(self.query.by)

    def table(self) -> Iterator[dict[str, Any]]:
        """The rows of `columns`."""
        reported = str(self.query.shown.basis)
        return (coq_row_json(row, self.query.by, reported) for row in self.each_row())


async def answer_coq(
    conn: Connection, book: RateBook, request: CoqRequest, now: datetime, most: int | None
) -> CoqAnswer:
    """At most `most` rows by month, cut, base and figure; None: all of them.

    Raises `ValueError` on a request that is not possible. One snapshot.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        query = await request.query(conn, book, now)
        of_cut = len(query.bases) * len(FIGURES)
        cuts = None if most is None else -(-most // of_cut)
        open_stops = await accrued_cells(conn, book, query.read, now)
        found = await read_sums(conn, query.read, query.shown, query.by, cuts, open_stops)
        of_months = [cell for cell in open_stops if query.shown.takes(cell.bucket)]
        whole = await read_sums(conn, query.whole, query.whole, ("plant",), None, of_months)
        totals = totals_of(whole.shown)
        places: set[Place] = set().union(*(sums.places for sums in totals))
        report = await _comparisons(conn, book, query, found.known, places, now)
        lacks = await report_lacks(conn, query.shown)
        waiting = await count_waiting(conn, query.shown, now)
    rows = [row for sums in totals for row in report.rows(sums)]
    return CoqAnswer(query, now, found.shown, found.known, report, most, found.cuts * of_cut,
                     rows, lacks, waiting)  # fmt: skip


async def _comparisons(
    conn: Connection, book: RateBook, query: CoqQuery, known: Mapping[Cut, CutSums],
    places: set[Place], now: datetime,
) -> Comparisons:  # fmt: skip
    shown = query.shown
    assert isinstance(shown.start, date)
    whole = await whole_plants(conn, {place.plant for place in places})
    end = shown.end if isinstance(shown.end, date) else None
    basis = shown.basis
    months = await bases_of_months(
        conn,
        query.bases,
        shown.start,
        end,
        basis.as_of,
        basis.reported is As.FIRST_REPORTED,
        shown.grouping,
    )
    _, budgets = await history(conn)
    return Comparisons(
        query, known, Bases(months, whole, query.is_split, query.is_filtered),
        Budgets(budgets, book, whole, basis.as_of or now, query.by_product),
    )  # fmt: skip
