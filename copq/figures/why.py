"""What explains a change of losses, as it is asked for, and its answer."""

import asyncio
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from asyncpg import Connection

from copq.figures.answers import held_json
from copq.figures.missing_exchange_rates import (
    MissingRates,
    missing_rates,
    missing_rates_json,
    refuse_missing,
)
from copq.figures.report import zone_of
from copq.figures.unpriced import WaitingCounts, count_waiting
from copq.figures.why_attributes import left_out_attributes, usable_attributes
from copq.figures.why_groups import ProductGroups, read_groups
from copq.figures.why_rows import (
    COLUMNS,
    ChangePart,
    OneSided,
    change_parts,
    decimal_of,
    one_sided,
    rate_of,
)
from copq.figures.why_windows import Windows, WindowsRequest
from copq.figures.why_words import finding, left_out_groups
from copq.figures.window import newest_day
from copq.groups.store import groupings
from copq.ledger.arithmetic import MONEY
from copq.ledger.figures import Scope
from copq.rates.book import RateBook
from copq.summary.position import read_position

if TYPE_CHECKING:
    from copq.figures.why_changes import Change
    from copq.improvement.explaining.explain import Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyRequest(WindowsRequest):
    """What explains that the losses of one window differ from those of another."""

    currency: str | None = None

    async def comparison(
        self, conn: Connection, book: RateBook, now: datetime
    ) -> tuple[Scope, Windows]:
        """Raises `ValueError` on a name, a window or a currency that is not possible."""
        await self.check_names(conn, book)
        scope = Scope(self.plant, self.line, self.product, by=(), currency=self.currency)
        return scope, self.windows(newest_day(book, self.plant, now))

    async def groups(self, conn: Connection, windows: Windows) -> ProductGroups | None:
        """The product groups that are a dimension: of the named grouping, or of the only one.

        Raises `ValueError` on a group or grouping that is not known or not clear.
        """
        grouping = await self.usable_grouping(conn)
        return await read_groups(conn, grouping, self.plant, windows, self.group)


@dataclass(frozen=True, slots=True)
class ExplainedChange:
    """The change of all losses in one currency.

    `after` - `before` = `change`, the sum of the money of its parts. `expected` is what the units
    made after would have lost at the loss for each unit before. `units` are those made, or days
    where none were recorded (`measured_by`). `provisional` is what open stops add to both windows.
    `in_one_window`: losses under a name that occurs in one of them alone, within the parts.
    """

    currency: str
    before: Decimal
    after: Decimal
    change: Decimal
    expected: Decimal
    measured_by: str
    units_before: Decimal
    units_after: Decimal
    rate_before: Decimal | None
    rate_after: Decimal | None
    is_explained: bool
    finding: str
    provisional: Decimal
    parts: list[ChangePart]
    in_one_window: list[OneSided]


@dataclass(frozen=True, slots=True)
class WhyAnswer:
    """What explains the change, for each currency, as of `at`.

    Product groups are a dimension by `groups`; None: there is no grouping, or it is not clear which
    of `groupings`. Of the `declared` attributes `attributes` are dimensions.
    """

    windows: Windows
    at: datetime
    zone: tzinfo
    groups: ProductGroups | None
    groupings: list[str]
    declared: set[str]
    attributes: tuple[str, ...]
    changes: list[ExplainedChange]
    lacks: list[MissingRates] | None
    waiting: WaitingCounts

    def left_out(self) -> list[str]:
        """The dimensions that are left out, and why, in sentences."""
        sentences = (
            left_out_groups(self.grouping, self.groupings),
            left_out_attributes(self.declared, self.attributes) if self.changes else "",
        )
        return [sentence for sentence in sentences if sentence]

    @property
    def grouping(self) -> str | None:
        return self.groups.grouping if self.groups else None

    @property
    def columns(self) -> tuple[str, ...]:
        return COLUMNS

    def table(self) -> list[dict[str, Any]]:
        """The rows of `columns`, and the filters of their entries."""
        return [part.as_json() for change in self.changes for part in change.parts]

    def as_json(self) -> dict[str, Any]:
        before, after = self.windows.before, self.windows.after
        return {
            "at": self.at, "from": after.first, "to": after.last, "days": after.days,
            "before_from": before.first, "before_to": before.last, "before_days": before.days,
            "grouping": self.grouping, "groupings": self.groupings,
            "attributes": list(self.attributes), "left_out": self.left_out(),
            "rows": self.table(), "totals": [_total_json(change) for change in self.changes],
            **missing_rates_json(self.lacks), **held_json(self.waiting),
        }  # fmt: skip


_TOTALS = (
    "currency", "finding", "before", "after", "change", "expected", "measured_by", "units_before",
    "units_after", "rate_before", "rate_after", "is_explained", "provisional",
)  # fmt: skip


def _total_json(change: ExplainedChange) -> dict[str, Any]:
    return {
        **{name: getattr(change, name) for name in _TOTALS},
        "in_one_window": [asdict(one) for one in change.in_one_window],
    }


async def answer_why(
    conn: Connection, book: RateBook, request: WhyRequest, now: datetime
) -> WhyAnswer:
    """What explains the change of losses. One snapshot.

    Raises `ValueError` on a request that is not possible.
    """
    # They load numpy, which is slow, and of use here.
    from copq.figures.why_changes import read_changes

    async with conn.transaction(isolation="repeatable_read", readonly=True):
        scope, windows = await request.comparison(conn, book, now)
        groups = await request.groups(conn, windows)
        lacks = await _missing_rates(conn, scope, windows)
        declared = (await read_position(conn)).attributes(scope.plant)
        changes = await read_changes(
            conn, book, scope, windows, now, groups, usable_attributes(declared)
        )
        waiting = await count_waiting(conn, scope, now)
        explained = [await _explained(conn, book, scope, change) for change in changes]
        return WhyAnswer(
            windows, now, zone_of(book, scope.plant), groups,
            await groupings(conn, scope.plant), declared,
            changes[0].attributes if changes else (), explained, lacks, waiting,
        )  # fmt: skip


async def _missing_rates(
    conn: Connection, scope: Scope, windows: Windows
) -> list[MissingRates] | None:
    """None where nothing is converted. Raises `ValueError` where entries have no exchange rate."""
    found: list[MissingRates] = []
    for window in (windows.before, windows.after):
        lacks = await missing_rates(conn, scope, window.first, window.last)
        if lacks is None:
            return None
        found += lacks
    refuse_missing(found)
    return found


async def _explained(
    conn: Connection, book: RateBook, scope: Scope, change: "Change"
) -> ExplainedChange:
    """What takes time runs in a thread."""
    from copq.figures.why_days_reading import read_change_days

    found = await asyncio.to_thread(change.explained)
    days = await read_change_days(conn, book, scope, change, found)
    tested = await asyncio.to_thread(days.tested) if days else found
    return await asyncio.to_thread(_answer, change, tested, scope)


def _answer(change: "Change", found: "Explanation", scope: Scope) -> ExplainedChange:
    made = change.exposure.of({})
    with localcontext(MONEY):
        expected = found.before + found.volume + found.mix
    losses = Fraction(found.before), Fraction(found.after)
    rates = [
        rate_of(loss / units if units else None) for loss, units in zip(losses, made, strict=True)
    ]
    return ExplainedChange(
        currency=change.currency, before=found.before, after=found.after, change=found.total,
        expected=expected, measured_by="units" if change.has_units else "days",
        units_before=decimal_of(made[0]), units_after=decimal_of(made[1]),
        rate_before=rates[0], rate_after=rates[1], is_explained=bool(found.parts),
        finding=finding(found, change.currency), provisional=change.provisional,
        parts=change_parts(change.currency, found, scope, change.windows, change.groups),
        in_one_window=[
            one_sided(one, scope, change.windows, change.groups)
            for one in change.in_one_window(found)
        ],
    )  # fmt: skip
