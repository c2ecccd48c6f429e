"""Read the losses and the units of each production day, for the p-values of causes by days.

It loads numpy, which is slow: import it where a change is explained.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from asyncpg import Connection

from copq.currencies.converted import ByCurrency
from copq.figures.why_attributes import split_attributes
from copq.figures.why_changes import MADE, Change, ledger_parameters
from copq.figures.why_days import ByDay, ChangeDays
from copq.figures.why_groups import group_parameters
from copq.improvement.explaining.days import enough_days
from copq.improvement.explaining.explain import Explanation, Part
from copq.improvement.explaining.exposure import Values
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
    for row in await _losses(conn, book, scope, change, found):
        _add(read.losses.setdefault(row["number"], {}), row, row["net"])
    for place, part in enumerate(found.parts):
        for stop in change.open_stops:
            if part.has(stop.values):
                _add(read.losses.setdefault(place, {}), {**stop.values, "day": stop.day}, stop.net)
    for row in await conn.fetch(
        *_MONEY[scope.currency].units_by_day(**scope.places(), **windows.parameters())
    ):
        is_asked = change.groups is None or change.groups.has(row["plant"], row["product"])
        if is_asked and row["currency"] == change.currency:
            _add(read.units, row, row["made"])
    return read


def _add(groups: dict[Values, ByDay], row: Mapping[str, Any], amount: Decimal) -> None:
    by_day = groups.setdefault(tuple(row[name] for name in MADE), {})
    by_day[row["day"]] = by_day.get(row["day"], Decimal(0)) + amount


async def _losses(
    conn: Connection, book: RateBook, scope: Scope, change: Change, found: Explanation
) -> list[Any]:
    rows: list[Any] = await conn.fetch(
        *_MONEY[None].cause_days(
            **scope.places(), **await ledger_parameters(conn, book, scope, change.windows),
            **group_parameters(change.groups), by_attributes=bool(change.attributes),
            no_attributes=json.dumps(dict.fromkeys(change.attributes, "")),
            causes=json.dumps([_selection(part, scope, change) for part in found.parts]),
            categories=list(map(str, FAILURES)),
        )
    )  # fmt: skip
    return rows


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
