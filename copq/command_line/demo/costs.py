"""What a line or product cost in a window: the buckets of a report, summed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from asyncpg import Connection

from copq.figures.report import ReportQuery, report
from copq.ledger.arithmetic import quotient
from copq.ledger.figures import ReportRow
from copq.rates.book import RateBook

ZERO = Decimal(0)


@dataclass(slots=True)
class Cost:
    """Money in one currency; `rejects` and `stops` are parts of `copq`."""

    copq: Decimal = ZERO
    base: Decimal = ZERO
    rejects: Decimal = ZERO
    stops: Decimal = ZERO

    @property
    def share(self) -> Decimal | None:
        """COPQ over base, 0.05 for 5 %; None without production."""
        return quotient(self.copq, self.base) if self.base > 0 else None


def total(costs: Iterable[Cost]) -> Cost:
    """The sum of all costs; its share is a sum over a sum."""
    result = Cost()
    for cost in costs:
        result.copq += cost.copq
        result.base += cost.base
        result.rejects += cost.rejects
        result.stops += cost.stops
    return result


async def costs(conn: Connection, book: RateBook, query: ReportQuery) -> dict[str, Cost]:
    """Costs by the query's one dimension; values with neither cost nor base are left out."""
    now = datetime.now(UTC)
    found: dict[str, Cost] = defaultdict(Cost)
    for row in await report(conn, book, query, now):
        cost = found[_name(row, query)]
        cost.copq += row.copq
        cost.base += row.base
    by_element = replace(query, by=(*query.by, "element"))
    for row in await report(conn, book, by_element, now):
        _add_part(found[_name(row, query)], row)
    return {name: cost for name, cost in sorted(found.items()) if cost.copq or cost.base}


def _name(row: ReportRow, query: ReportQuery) -> str:
    return row.dims[query.by[0]]


def _add_part(cost: Cost, row: ReportRow) -> None:
    if row.dims["element"] == "defect":
        cost.rejects += row.copq
    elif row.dims["element"] == "downtime":
        cost.stops += row.copq
