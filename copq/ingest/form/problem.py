"""A problem of any function in the form: what it took, and what got out of control."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from copq.schemas.fields import MAX_COUNT

MINUTES, PAID = "problem_minutes", "problem_paid"
TEXTS = {"problem_function": "function", "problem_code": "defect_code"}
"""The fields that are names, and what each becomes in the event."""
COUNTS = ("interventions", "wrong_routings", "other_master_data")
NUMBERS = (MINUTES, *COUNTS)


@dataclass(frozen=True, slots=True)
class ReportedProblem:
    """What is filled in: 0 where a number is blank, and no name where a text is."""

    minutes: Decimal
    paid: Decimal
    names: Mapping[str, str]
    counts: Mapping[str, Decimal]

    def mistakes(self) -> dict[str, str]:
        """By field, why this cannot be reported."""
        faults = {
            name: f"Give a whole number of at most {MAX_COUNT:,}"
            for name, count in self.counts.items()
            if count != count.to_integral_value() or count > MAX_COUNT
        }
        if not faults and not self.has_effort and (self.names or any(self.counts.values())):
            faults[MINUTES] = "How many minutes did it take, or how much was paid?"
        return faults

    @property
    def has_effort(self) -> bool:
        return bool(self.minutes or self.paid)

    @property
    def facts(self) -> dict[str, Any]:
        """The fields of the event."""
        spent = {"minutes": self.minutes, "out_of_pocket": self.paid}
        counts = {name: int(count) for name, count in self.counts.items()}
        named = {TEXTS[name]: text for name, text in self.names.items()}
        given = {name: value for name, value in {**spent, **counts}.items() if value}
        return {"event_type": "admin_failure", **named, **given}
