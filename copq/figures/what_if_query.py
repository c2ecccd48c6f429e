"""A what-if as it is asked for: a window, a scope, and the changes in their order."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from asyncpg import Connection

from copq.figures.edges import dimensions
from copq.figures.names import check_names
from copq.figures.requests import check_choice
from copq.figures.what_if_books import ChangedFigures
from copq.figures.what_if_entries import Kept
from copq.figures.what_if_rows import DIMENSIONS
from copq.figures.window import Window, WindowRequest, newest_day
from copq.groups.store import GroupDays, read_group_days
from copq.improvement.what_if.changes import (
    Change,
    ChangeError,
    EventChange,
    RateChange,
    parse_changes,
)
from copq.ledger.figures import Scope
from copq.rates.book import RateBook
from copq.rates.changed_figures import check_rates, known_stages
from copq.rates.names import name_list
from copq.schemas.refusal import nearest

_ANY_ZONE = timedelta(days=2)
"""No production day begins or ends further from its date in UTC."""

TABLES = ("rows", "entries")
"""Of an answer: sums by dimensions, or the entries that would differ."""

_DETAILS = ("stage", "defect_code", "work_unit", "shift", "supplier")
_OF_WHOLE_STOPS = ("plant", "line", "defect_code", "work_unit")
"""The names that all pieces of a stop share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfRequest(WindowRequest):
    """What the losses of a window would have been with the changes of `change`.

    `table` is one of `TABLES`.
    """

    change: str = ""
    by: str = "category,element"
    table: str = TABLES[0]

    async def query(self, conn: Connection, book: RateBook, now: datetime) -> "WhatIfQuery":
        """Raises `ValueError` on a change, a name or a window that is not possible."""
        await self.check_names(conn, book)
        by = tuple(dict.fromkeys(dimensions(self.by)))
        for name in by:
            check_choice(name, DIMENSIONS)
        window = self.window(newest_day(book, self.plant, now))
        grouping = await self.chosen_grouping(conn, by)
        scope = Scope(
            self.plant, self.line, self.product, by=by, group=self.group, grouping=grouping
        )
        changes = [_within(change, scope) for change in parse_changes(self.change)]
        for change in changes:
            if isinstance(change, EventChange):
                await _check_event_names(conn, book, change)
        check_rates(book, [change for change in changes if isinstance(change, RateChange)])
        check_choice(self.table, TABLES)
        groups = await read_group_days(conn, grouping, self.plant) if grouping else None
        return WhatIfQuery(scope, window, tuple(changes), self.table, groups)


def _within(change: Change, scope: Scope) -> Change:
    """The change within the scope of the question."""
    if not isinstance(change, EventChange):
        return change
    places = {name: value for name, value in scope.places().items() if value is not None}
    for field, name in places.items():
        if change.names.get(field, name) != name:
            fault = f'its {field} "{change.names[field]}" is outside the {field} "{name}"'
            raise ChangeError(change.text, f"{fault} of the question")
    return replace(change, names={**places, **change.names})


async def _check_event_names(conn: Connection, book: RateBook, change: EventChange) -> None:
    stages = known_stages(book)
    own = {f: name for f, name in change.names.items() if f != "stage" or name not in stages}
    places = (own.get("plant"), own.get("line"), own.get("product"))
    try:
        await check_names(conn, book, *places, **{name: own.get(name) for name in _DETAILS})
    except ValueError as error:
        raise ChangeError(change.text, str(error)) from None
    if change.stage is not None and change.stage not in stages:
        raise ChangeError(
            change.text,
            f'no cost table has the stage "{change.stage}"; there are {name_list(stages)}'
            f"{nearest(change.stage, stages)}",
        )


@dataclass(frozen=True, slots=True)
class WhatIfQuery:
    """The scope with the dimensions of a row, the production days, the changes and the table.

    `groups` are those of products, if the question is about groups.
    """

    scope: Scope
    window: Window
    changes: tuple[Change, ...]
    table: str = TABLES[0]
    groups: GroupDays | None = None

    @property
    def of_events(self) -> Mapping[int, EventChange]:
        """The changes of events, by their number."""
        return {n: c for n, c in enumerate(self.changes) if isinstance(c, EventChange)}

    @property
    def of_rates(self) -> Mapping[int, RateChange]:
        """The changes of rates, by their number."""
        return {n: c for n, c in enumerate(self.changes) if isinstance(c, RateChange)}

    @property
    def rates(self) -> ChangedFigures:
        return ChangedFigures(self.of_rates)

    @property
    def kept(self) -> Kept:
        return {}

    def days(self) -> dict[str, Any]:
        """The window and the scope as parameters of the queries."""
        days = {"first": self.window.first, "last": self.window.last, "booked_until": None}
        return {**days, **self.scope.groups(), **self.instants()}

    def is_asked(self, plant: str, product: str | None, day: date) -> bool:
        """Whether costs of a product on a production day are in the question."""
        if self.scope.product not in (None, product or ""):
            return False
        return self.groups is None or self.scope.group in (
            None, self.groups.group(plant, product, day)
        )  # fmt: skip

    def instants(self) -> dict[str, Any]:
        """As `days`, without the production days."""
        return {**instants_of(self.window), **self.scope.places()}

    def event_reaches(self) -> str | None:
        """The filters of entries that a change may reach, as JSON; None if there are none."""
        reaches: list[Mapping[str, Any]] = [change.names for change in self.of_events.values()]
        reaches += [
            {"product": rate.name} if rate.kind == "product" else {"labour": True}
            for rate in self.of_rates.values()
            if rate.kind != "line"
        ]
        return _as_json(reaches)

    def stop_reaches(self) -> str | None:
        """As `event_reaches`, for stops."""
        reaches: list[Mapping[str, Any]] = [
            {name: value for name, value in change.names.items() if name in _OF_WHOLE_STOPS}
            for change in self.of_events.values()
            if _may_name_stops(change)
        ]
        reaches += [{"line": r.name} for r in self.of_rates.values() if r.kind == "line"]
        return _as_json(reaches)


def _may_name_stops(change: EventChange) -> bool:
    if change.stage is not None or change.names.keys() & {"stage", "supplier"}:
        return False
    return change.names.get("event_type") in (None, "downtime")


def _as_json(reaches: Sequence[Mapping[str, Any]]) -> str | None:
    return reaches_json([_each_alone(reach) for reach in reaches]) if reaches else None


def _each_alone(reach: Mapping[str, Any]) -> dict[str, Any]:
    return {f: [name] if isinstance(name, str) else name for f, name in reach.items()}


def reaches_json(reaches: Sequence[Mapping[str, Any]]) -> str:
    """Filters of entries as the queries take them: by field, the names that an entry may have."""
    return json.dumps([dict(reach) for reach in reaches])


def instants_of(window: Window) -> dict[str, datetime]:
    """The instants between which the production days of the window lie, in every time zone."""
    first, last = (datetime.combine(day, time(), UTC) for day in (window.first, window.last))
    return {"since": first - _ANY_ZONE, "until": last + _ANY_ZONE}
