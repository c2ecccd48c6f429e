"""A difference that `copq verify` finds."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between the stored and the expected state.

    `check` is `rollup`, `summary`, `event_key`, `entry_twice`, `reversal`, `downtime`, `stop` (its
    duration with all pieces), `correction` (its state), `corrected` (whether an event counts),
    `recovery_overhead`, `problem` (what an event says next to its cost), `corrected_by` (a link),
    `standing_cost` (a day of one), `period` (its state), `closing` (signed figures), `signed_off`
    (their digest), `closing_saving` (a signed saving), `project_freeze` (what approval froze),
    `project_person` (an owner who decides), `project_validation` (more is validated than a month
    saves by its newest bridge), `project_cell` and `project_month` (what was measured
    of a project), `booked_in` (the month of an entry) or `audit_trail`
    (a row of an audited table that no decision brought, or that is missing). `subject` names the
    row; `expected` and `found` have the differing values (None: no such row).
    """

    check: str
    subject: dict[str, Any]
    expected: dict[str, Any] | None
    found: dict[str, Any] | None

    def __str__(self) -> str:
        subject = ", ".join(f"{k} {v}" for k, v in self.subject.items() if v not in (None, ""))
        expected, found = _format_figures(self.expected), _format_figures(self.found)
        return f"{self.check}: {subject}: expected {expected}, found {found}"


def _format_figures(figures: dict[str, Any] | None) -> str:
    if figures is None:
        return "none"
    return ", ".join(f"{name} {value}" for name, value in figures.items())
