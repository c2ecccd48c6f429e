"""The common parts of an answer with figures, as JSON and as table columns."""

from typing import Any

from copq.figures.basis import Basis
from copq.figures.unpriced import WaitingCounts
from copq.ledger.figures import ReportRow
from copq.schemas.bases import PRODUCTION_BASE
from copq.text.counts import count_of


def basis_of_share(base: str) -> str:
    """What figures are, whose percentages are of this base."""
    return (
        "An estimate at standard rates, for finance to reconcile. COPQ is failure alone, other "
        f"CoQ appraisal and prevention. COPQ % = COPQ / base; base = {base}."
    )


BASIS = basis_of_share(PRODUCTION_BASE)
NO_BASE = "nothing was produced here, so there is no base and no percentage"


FIGURES = (
    "currency", "copq", "base", "base_name", "percentage_name", "copq_share", "copq_share_reason",
    "copq_per_good", "cost_per_good", "coq", "net", "gross", "recovered", "allowed", "hours",
    "seconds", "units", "good", "ungraded", "rejected", "provisional", "unconverted", "flags",
)  # fmt: skip
"""The columns of `row_json` in a table, after the names."""


def row_json(row: ReportRow) -> dict[str, Any]:
    """All fields of a row. Money is exact; `copq_share` is null without a base, with the reason.

    If entries lack an exchange rate, all money is null: a part of a sum is not a sum.
    """
    return {
        "from": row.bucket,
        **{name: value or None for name, value in row.dims.items()},
        "currency": row.currency,
        **{name: row.money(name) for name in ("net", "gross", "recovered", "allowed")},
        "hours": row.hours, "seconds": row.seconds,
        **{name: row.money(name) for name in ("copq", "coq", "base")},
        "base_name": PRODUCTION_BASE, "percentage_name": f"copq % of {PRODUCTION_BASE}",
        "copq_share": row.copq_share,
        "copq_share_reason": _no_share(row), "units": row.units,
        "good": row.good, "ungraded": row.ungraded, "copq_per_good": row.copq_per_good,
        "cost_per_good": row.cost_per_good, "rejected": row.rejected,
        "provisional": row.money("provisional"),
        "unconverted": row.unconverted, "flags": row.flags,
    }  # fmt: skip


def basis_json(basis: Basis) -> dict[str, Any]:
    """The basis of the figures; `as` is restated, first-reported, or as-of with the instant."""
    return {"as": basis.kind, "as_of": basis.as_of, "reported": str(basis)}


def _no_share(row: ReportRow) -> str | None:
    if row.unconverted:
        return f"{count_of(row.unconverted, 'entry', 'entries')} without an exchange rate"
    return None if row.base > 0 else NO_BASE


def held_json(held: WaitingCounts) -> dict[str, Any]:
    """The counts of waiting items in scope, shown with every answer."""
    return {
        "basis": BASIS,
        "unpriced_events": held.unpriced,
        "waiting_corrections": held.corrections,
        "open_stops": held.open_stops,
        "counted_at": held.at,
    }
