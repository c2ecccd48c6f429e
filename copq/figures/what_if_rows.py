"""The rows of a what-if: booked, with the changes, and the difference, by any dimensions."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any, Self

from copq.figures.what_if_entries import ChangedEntry
from copq.ledger.arithmetic import MONEY, ZERO, hours_of
from copq.ledger.figures import Cell
from copq.schemas.priced import FAILURES

DIMENSIONS = ("plant", "line", "product", "group", "element", "category")
"""What the rows of an answer can be by."""

_FIGURES = (
    "currency", "booked", "changed", "difference", "booked_hours", "changed_hours", "events",
    "entries",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfRow:
    """Net cost and lost time of the window. A dimension that the rows are not by is empty.

    `events` and `entries` are those that would differ.
    """

    plant: str = ""
    line: str = ""
    product: str = ""
    group: str = ""
    element: str = ""
    category: str = ""
    currency: str
    booked: Decimal = ZERO
    difference: Decimal = ZERO
    seconds: Decimal = ZERO
    seconds_difference: Decimal = ZERO
    events: int = 0
    entries: int = 0

    @classmethod
    def of_cell(cls, cell: Cell) -> Self:
        names: dict[str, Any] = {name: getattr(cell, name) or "" for name in DIMENSIONS}
        return cls(**names, currency=cell.currency, booked=cell.net, seconds=cell.seconds)

    @classmethod
    def of_entry(cls, one: ChangedEntry) -> Self:
        names: dict[str, Any] = {name: getattr(one, name) or "" for name in DIMENSIONS}
        return cls(
            **names, currency=one.currency, difference=one.difference,
            seconds_difference=MONEY.subtract(one.changed_seconds, one.booked_seconds),
        )  # fmt: skip

    @property
    def changed(self) -> Decimal:
        """What it would have been."""
        return MONEY.add(self.booked, self.difference)

    def as_json(self, by: Sequence[str]) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) or None for name in by}, "currency": self.currency,
            **_figures_json(self),
        }  # fmt: skip


def _figures_json(row: "WhatIfRow | WhatIfTotal") -> dict[str, Any]:
    after = MONEY.add(row.seconds, row.seconds_difference)
    return {
        "booked": row.booked, "changed": row.changed, "difference": row.difference,
        "booked_hours": hours_of(row.seconds), "changed_hours": hours_of(after),
        "events": row.events, "entries": row.entries,
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfTotal:
    """The sum of all rows in a currency: `figure` is copq, failure alone, or coq, all of it."""

    figure: str
    currency: str
    booked: Decimal
    difference: Decimal
    seconds: Decimal
    seconds_difference: Decimal
    events: int
    entries: int

    @property
    def changed(self) -> Decimal:
        return MONEY.add(self.booked, self.difference)

    def as_json(self) -> dict[str, Any]:
        return {"figure": self.figure, "currency": self.currency, **_figures_json(self)}


def what_if_columns(by: Sequence[str]) -> tuple[str, ...]:
    """Of the rows as a table."""
    return (*by, *_FIGURES)


_Key = tuple[str, ...]


def add_up(
    rows: Iterable[WhatIfRow], by: Sequence[str], entries: Iterable[ChangedEntry]
) -> list[WhatIfRow]:
    """One row for each combination of the dimensions and currency, in order."""
    groups: dict[_Key, list[WhatIfRow]] = defaultdict(list)
    for row in rows:
        groups[(*(getattr(row, name) for name in by), row.currency)].append(row)
    differ = _by_key(entries, by)
    return [
        WhatIfRow(**_names(by, key), **_sums(groups[key]), **_numbers(differ.get(key, [])))
        for key in sorted(groups)
    ]


def _names(by: Sequence[str], key: _Key) -> dict[str, Any]:
    return dict(zip((*by, "currency"), key, strict=True))


def total_rows(cells: Sequence[WhatIfRow], entries: Sequence[ChangedEntry]) -> list[WhatIfTotal]:
    """COPQ and CoQ of each currency."""
    return [
        WhatIfTotal(
            figure=figure, currency=currency,
            **_sums([c for c in cells if c.currency == currency and is_in(c.category)]),
            **_numbers([e for e in entries if e.currency == currency and is_in(e.category)]),
        )
        for currency in sorted({cell.currency for cell in cells})
        for figure, is_in in (("copq", FAILURES.__contains__), ("coq", bool))
    ]  # fmt: skip


def _by_key(entries: Iterable[ChangedEntry], by: Sequence[str]) -> dict[_Key, list[ChangedEntry]]:
    found: dict[_Key, list[ChangedEntry]] = defaultdict(list)
    for one in entries:
        found[(*(getattr(one, name) or "" for name in by), one.currency)].append(one)
    return found


def _sums(rows: Iterable[WhatIfRow]) -> dict[str, Any]:
    sums = dict.fromkeys(("booked", "difference", "seconds", "seconds_difference"), ZERO)
    with localcontext(MONEY):
        for row in rows:
            for name in sums:
                sums[name] += getattr(row, name)
    return sums


def _numbers(entries: Sequence[ChangedEntry]) -> dict[str, Any]:
    return {"events": len({one.event_id for one in entries}), "entries": len(entries)}
