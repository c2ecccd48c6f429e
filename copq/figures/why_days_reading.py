"""Read the losses and the units of each production day, for the p-values of causes by days.

It loads numpy, which is slow: import it where a change is explained.
"""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.currencies.converted import ByCurrency
from copq.figures.why_attributes import split_attributes
from copq.figures.why_changes import Change, ledger_parameters, made_of
from copq.figures.why_days import ByDay, ChangeDays
from copq.figures.why_groups import group_parameters
from copq.improvement.explaining.days import enough_days
from copq.improvement.explaining.explain import Explanation, Part
from copq.improvement.explaining.exposure import Values
from copq.ledger.arithmetic import ZERO
from copq.ledger.figures import Scope
from copq.rates.book import RateBook
from copq.schemas.priced import FAILURES

_MONEY = ByCurrency(__file__)


async def read_change_days(
    conn: Connection, book: RateBook, scope: Scope, change: Change, found: Explanation
) -> ChangeDays | None:
    """None where there are too few days to permute. Call it in the snapshot of the change."""
    windows = change.windows
    if not any(
        enough_days(windows.before.days, windows.after.days, part.choices) for part in found.parts
    ):
        return None
    read = ChangeDays(change, found)
    causes = _causes(scope, change, found)
    ledger = await ledger_parameters(conn, book, scope, windows)
    await _add_sums(conn, read, causes, ledger)
    for row in await conn.fetch(
        *_MONEY[None].cause_entries(
            **causes, **ledger, **scope.places(), by_attributes=bool(change.attributes)
        )
    ):
        _add(read.losses.setdefault(row["number"], {}), row, row["day"], row["net"])
    for place, part in enumerate(found.parts):
        for stop in change.open_stops:
            if part.has(stop.values):
                _add(read.losses.setdefault(place, {}), stop.values, stop.day, stop.net)
    for row in await conn.fetch(
        *_MONEY[scope.currency].units_by_day(**scope.places(), **windows.parameters())
    ):
        is_asked = change.groups is None or change.groups.has(row["plant"], row["product"])
        if is_asked and row["currency"] == change.currency:
            read.units[made_of(row)] = dict(zip(row["days"], row["made"], strict=True))
    return read


def _add(groups: dict[Values, ByDay], names: Mapping[str, Any], day: date, net: Decimal) -> None:
    by_day = groups.setdefault(made_of(names), {})
    by_day[day] = by_day.get(day, ZERO) + net


async def _add_sums(
    conn: Connection, read: ChangeDays, causes: dict[str, Any], ledger: dict[str, Any]
) -> None:
    """Those of the summary: of the leaves that are of each cause and of each group of units."""
    own: dict[tuple[int, Values], list[int]] = {}
    for row in await conn.fetch(*_MONEY[None].cause_leaves(**causes, until=ledger["until"])):
        own.setdefault((row["number"], made_of(row)), []).append(row["leaf"])
    groups = list(own)
    sums = _MONEY[None].cause_days(
        **read.change.windows.parameters(), converted=ledger["converted"],
        leaves=[leaf for leaves in own.values() for leaf in leaves],
        places=[place for place, leaves in enumerate(own.values()) for _ in leaves],
    )  # fmt: skip
    for row in await conn.fetch(*sums):
        number, group = groups[row["place"]]
        by_day = dict(zip(row["days"], row["net"], strict=True))
        read.losses.setdefault(number, {})[group] = by_day


def _causes(scope: Scope, change: Change, found: Explanation) -> dict[str, Any]:
    return {
        **group_parameters(change.groups),
        "no_attributes": json.dumps(dict.fromkeys(change.attributes, "")),
        "causes": json.dumps([_selection(part, scope, change) for part in found.parts]),
        "categories": list(map(str, FAILURES)),
    }


def _selection(part: Part, scope: Scope, change: Change) -> dict[str, Any]:
    asked = {**scope.places(), "group": change.groups.only if change.groups else None}
    places = {name: value for name, value in asked.items() if value is not None}
    own = {} if scope.currency else {"currency": change.currency}
    return {
        "filters": {**places, **own, **_texts(part.filters)},
        "besides": [_texts(other) for other in part.besides],
    }


def _texts(filters: Mapping[str, str | None]) -> dict[str, Any]:
    """The columns of the query; one without a name is an empty text."""
    columns, attributes = split_attributes(filters)
    texts: dict[str, Any] = {name: value or "" for name, value in columns.items()}
    return {**texts, "attributes": attributes} if attributes else texts
