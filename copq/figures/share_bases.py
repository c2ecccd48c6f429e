"""What the percentages of a report are of: cost of production, CoQ, or a base of finance."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from asyncpg import Connection

from copq.bases.store import Key, MonthBase, bases_of_months, whole_plants
from copq.figures.answers import NO_BASE, row_json
from copq.figures.basis import As
from copq.figures.coq_bases import Bases
from copq.figures.coq_request import bases_asked
from copq.figures.coq_sums import Cut, CutSums, Place
from copq.figures.report import ReportQuery, booked_cells
from copq.ledger.arithmetic import quotient
from copq.ledger.figures import KINDS_OF_COST, ReportRow, Scope
from copq.schemas.bases import COQ_BASE, OWN_BASES, PRODUCTION_BASE
from copq.text.counts import count_of


class Share(NamedTuple):
    """COPQ over an amount, 0.05 for 5 %; None where that is not known, with the reason."""

    amount: Decimal | None
    value: Decimal | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class ShareBase:
    """The base of a report's percentages. `places` are the plants and months with figures."""

    name: str = PRODUCTION_BASE
    scope: Scope = field(default_factory=Scope)
    bases: Bases | None = None
    places: frozenset[Place] = frozenset()

    @property
    def title(self) -> str:
        return f"copq % of {self.name}"

    def of(self, row: ReportRow) -> Share:
        if self.name == PRODUCTION_BASE:
            known = row.base > 0 and not row.unconverted
            return Share(row.money("base"), row.copq_share, None if known else _no_base(row))
        if row.unconverted:
            return Share(None, None, _no_base(row))
        amount, reason = self._coq(row) if self.name == COQ_BASE else self._imported(row)
        return Share(amount, quotient(row.copq, amount) if amount else None, reason)

    def _coq(self, row: ReportRow) -> tuple[Decimal | None, str | None]:
        if self.scope.element is not None or set(self.scope.by) & set(KINDS_OF_COST):
            return None, f"{COQ_BASE} is of all elements, and this is a part of them"
        return (row.coq, None) if row.coq > 0 else (None, f"there is no {COQ_BASE} here")

    def _imported(self, row: ReportRow) -> tuple[Decimal | None, str | None]:
        if self.bases is None:
            return None, f"{self.name} is of whole months, and this is not one: ask for months"
        plant = row.dims.get("plant") or self.scope.plant
        group = row.dims.get("group")
        places = {
            place for place in self.places
            if plant in (None, place.plant) and group in (None, place.group)
            and row.bucket in (None, place.month)
        }  # fmt: skip
        month = row.bucket if isinstance(row.bucket, date) else None
        cut = Cut(month, tuple(row.dims.values()), row.currency)
        base, reason = self.bases.imported(self.name, CutSums(cut, places=places))
        return (base.amount if base else None), reason


def share_row_json(row: ReportRow, base: ShareBase) -> dict[str, Any]:
    """`row_json` with the share of this base."""
    share = base.of(row)
    return {
        **row_json(row), "base": share.amount, "base_name": base.name,
        "percentage_name": base.title, "copq_share": share.value,
        "copq_share_reason": share.reason,
    }  # fmt: skip


def _no_base(row: ReportRow) -> str:
    if row.unconverted:
        return f"{count_of(row.unconverted, 'entry', 'entries')} without an exchange rate"
    return NO_BASE


async def share_base(conn: Connection, name: str, scope: Scope) -> ShareBase:
    """The base of this name for a report. Raises `ValueError` on a name that is not known."""
    asked = await bases_asked(conn, name)
    if len(asked) > 1:
        raise ValueError(f"name one base: {', '.join(asked)}")
    [base] = asked
    if base in OWN_BASES or not isinstance(scope, ReportQuery) or scope.grain != "month":
        return ShareBase(base, scope)
    places = await _places(conn, scope)
    whole = await whole_plants(conn, {place.plant for place in places})
    is_split = bool(set(scope.by) & {"line", "product"})
    is_filtered = scope.line is not None or scope.product is not None
    months = Bases(await _months(conn, base, scope), whole, is_split, is_filtered)
    return ShareBase(base, scope, months, places)


async def _months(conn: Connection, base: str, query: ReportQuery) -> Mapping[Key, MonthBase]:
    start = query.start if isinstance(query.start, date) else date.min
    end = query.end if isinstance(query.end, date) else None
    basis = query.basis
    return await bases_of_months(
        conn, (base,), start, end, basis.as_of, basis.reported is As.FIRST_REPORTED, query.grouping
    )


async def _places(conn: Connection, query: ReportQuery) -> frozenset[Place]:
    """The plants, groups and months with figures."""
    by = ("plant", "group") if "group" in query.by else ("plant",)
    cells = booked_cells(conn, replace(query, by=by, element=None))
    return frozenset([
        Place(cell.plant, None, cell.group or query.group or "", cell.bucket)
        async for cell in cells
        if cell.plant is not None and isinstance(cell.bucket, date)
    ])  # fmt: skip
