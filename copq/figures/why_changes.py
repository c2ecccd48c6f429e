"""What changed between two windows, by every recorded dimension: read, and explained.

It loads numpy, which is slow: import it where a change is explained.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, localcontext
from operator import itemgetter
from typing import Any, NamedTuple

from asyncpg import Connection

from copq.currencies.converted import ByCurrency
from copq.figures.drivers import instants_around
from copq.figures.why_attributes import dimension_of
from copq.figures.why_groups import ProductGroups, named_by_product
from copq.figures.why_windows import Windows
from copq.figures.window import Window
from copq.improvement.explaining.explain import Explanation, Leaf, explain, last_digit
from copq.improvement.explaining.exposure import GROUP, Exposure, Values
from copq.improvement.explaining.one_window import OneWindow, in_one_window
from copq.ledger.arithmetic import MONEY, ZERO
from copq.ledger.downtime import element
from copq.ledger.figures import Scope
from copq.ledger.money import digits
from copq.posting.open_stops import Accrued, accrue
from copq.rates.book import RateBook
from copq.schemas.priced import FAILURES
from copq.summary.position import read_position

_MONEY = ByCurrency(__file__)
DIMENSIONS = (
    "plant", "line", "product", "stage", "element", "defect_code", "work_unit", "shift", "supplier"
)  # fmt: skip
MOST_LEAVES = 50_000
MADE = ("plant", "line", "product")
_DESCRIBING = tuple(name for name in DIMENSIONS if name not in MADE)
Named = Mapping[str, str | None]
made_of = itemgetter(*MADE)
"""The plant, the line and the product of a row, by which units are counted."""
_values = itemgetter(*DIMENSIONS)
_amounts = itemgetter(
    "before", "after", "squares_before", "squares_after", "entries_before", "entries_after"
)
"""Both are of tens of thousands of rows, so as fast as they can be."""


class OpenStop(NamedTuple):
    """What an open stop adds on a production day."""

    day: date
    values: Named
    net: Decimal


@dataclass(slots=True)
class Change:
    """The leaves of one currency, the units made, and what open stops add to either window."""

    currency: str
    windows: Windows
    groups: ProductGroups | None = None
    attributes: tuple[str, ...] = ()
    """The declared attributes that losses are by."""
    leaves: list[Leaf] = field(default_factory=list)
    units: dict[Values, tuple[Decimal, Decimal]] = field(default_factory=dict)
    open_stops: list[OpenStop] = field(default_factory=list)

    @property
    def dimensions(self) -> tuple[str, ...]:
        groups = () if self.groups is None else (GROUP,)
        return (*MADE, *groups, *_DESCRIBING, *map(dimension_of, self.attributes))

    def named(self, row: Named) -> Named:
        """The names of losses in every dimension."""
        named = {name: row[name] for name in MADE}
        if self.groups is not None:
            named[GROUP] = self.groups.group(row["plant"], row["product"])
        named |= {name: row[name] for name in _DESCRIBING}
        said = json.loads(row["attributes"] or "{}") if self.attributes else {}
        return named | {dimension_of(name): said.get(name) for name in self.attributes}

    def add(self, row: Named, *amounts: Any) -> None:
        """Add the losses of a combination."""
        has_more = self.groups is not None or self.attributes
        values = tuple(self.named(row).values()) if has_more else _values(row)
        self.leaves.append(Leaf(values, *amounts))

    @property
    def provisional(self) -> Decimal:
        with localcontext(MONEY):
            return sum((stop.net for stop in self.open_stops), ZERO)

    @property
    def has_units(self) -> bool:
        """Whether any unit was made; else the days of both windows measure volume."""
        return any(before or after for before, after in self.units.values())

    @property
    def exposure(self) -> Exposure:
        if self.has_units:
            return Exposure(MADE, self.units, self._groups_made())
        days = Decimal(self.windows.before.days), Decimal(self.windows.after.days)
        return Exposure((), {(): days})

    def _groups_made(self) -> dict[Values, str]:
        if self.groups is None:
            return {}
        return {made: self.groups.group(made[0], made[2]) for made in self.units}

    def explained(self) -> Explanation:
        """It may take some seconds: call it in a thread."""
        found = explain(self.dimensions, self.leaves, self.exposure, self._unit())
        return named_by_product(found, self.dimensions, self.leaves) if self.groups else found

    def in_one_window(self, found: Explanation) -> list[OneWindow]:
        """Names that occur in one window alone, and are not in a cause."""
        causes = [part.filters.items() for part in found.parts]
        return [
            _without_group(one)
            for one in in_one_window(self.dimensions, self.leaves, _DESCRIBING)
            if not any(cause <= one.filters.items() for cause in causes)
        ]

    def _unit(self) -> Decimal:
        """The last digit of any amount, so that the parts add up to the change to that digit."""
        return Decimal(1).scaleb(min(last_digit(self.leaves), -digits(self.currency)))


def _without_group(one: OneWindow) -> OneWindow:
    """The group of a product that is named says nothing more."""
    if "product" not in one.filters:
        return one
    return replace(one, filters={n: v for n, v in one.filters.items() if n != GROUP})


async def read_changes(
    conn: Connection, book: RateBook, scope: Scope, windows: Windows, now: datetime,
    groups: ProductGroups | None = None, attributes: Sequence[str] = (),
) -> list[Change]:  # fmt: skip
    """A change for each currency; open stops count until `now`. Call it in one snapshot.

    With `groups` the product group is a dimension, and a group may be asked for alone. Losses are
    by declared `attributes`, unless there are too many combinations with them.

    Raises `ValueError` where there is too much to search.
    """
    changes: dict[str, Change] = {}
    rows = await _leaves(conn, book, scope, windows, by_attributes=bool(attributes))
    if attributes and len(rows) > MOST_LEAVES:
        attributes, rows = (), await _leaves(conn, book, scope, windows, by_attributes=False)
    if len(rows) > MOST_LEAVES:
        raise ValueError(
            f"the losses of these windows have more than {MOST_LEAVES:,} combinations of "
            "dimensions, too many to search: name a plant, a line or a product, or shorter windows"
        )

    def change(currency: str) -> Change:
        if currency not in changes:
            changes[currency] = Change(currency, windows, groups, tuple(attributes))
        return changes[currency]

    for row in rows:
        if groups is None or groups.has(row["plant"], row["product"]):
            change(row["currency"]).add(row, *_amounts(row))
    stops = await _open_stops(conn, book, scope, windows, now)
    said = await _said_of_stops(conn, stops) if attributes else {}
    for part in stops:
        if groups is None or groups.has(part.plant, part.segment.stop.product):
            _add_stop(change, part, windows, said.get(part.segment.stop.event_id))
    for row in await conn.fetch(
        *_MONEY[scope.currency].units_made(**scope.places(), **windows.parameters())
    ):
        is_asked = groups is None or groups.has(row["plant"], row["product"])
        if is_asked and row["currency"] in changes:
            changes[row["currency"]].units[made_of(row)] = row["before"], row["after"]
    return [changes[currency] for currency in sorted(changes)]


async def _leaves(
    conn: Connection, book: RateBook, scope: Scope, windows: Windows, *, by_attributes: bool
) -> list[Any]:
    # A plan for any windows and names, which Postgres makes after five calls, takes ten seconds.
    # It groups many texts by sorting them, which takes longer than to hash them.
    await conn.execute(
        "set local plan_cache_mode = force_custom_plan; set local work_mem = '64MB'; "
        "set local enable_sort = off"
    )
    rows: list[Any] = await conn.fetch(
        *_MONEY[None].changed_leaves(
            **scope.places(), **await ledger_parameters(conn, book, scope, windows),
            **windows.sums(), by_attributes=by_attributes, categories=list(map(str, FAILURES)),
            limit=MOST_LEAVES + 1,
        )
    )  # fmt: skip
    return rows


async def ledger_parameters(
    conn: Connection, book: RateBook, scope: Scope, windows: Windows
) -> dict[str, Any]:
    """The days of both windows, where their entries are, whether they are converted, and the
    declared attributes."""
    before, after = (_instants(book, scope, w) for w in (windows.before, windows.after))
    position = await read_position(conn)
    return {
        **windows.parameters(), **position.parameters(), "declared": position.declared,
        "converted": scope.currency is not None, "before_since": before[0],
        "before_until": before[1], "after_since": after[0], "after_until": after[1],
    }  # fmt: skip


def _instants(book: RateBook, scope: Scope, window: Window) -> tuple[datetime, datetime]:
    site = book.sites.get(scope.plant or "")
    return instants_around(window.first, window.last, site.calendar if site else None)


async def _open_stops(
    conn: Connection, book: RateBook, scope: Scope, windows: Windows, now: datetime
) -> list[Accrued]:
    """What open stops add in the windows, in pieces of an hour at most."""
    since = min(_instants(book, scope, w)[0] for w in (windows.before, windows.after))
    return [
        part
        for part in await accrue(conn, book, scope, now, since)
        if scope.product in (None, part.segment.stop.product)
        and any(w.first <= part.bucket.day < w.last for w in (windows.before, windows.after))
    ]


async def _said_of_stops(conn: Connection, stops: Sequence[Accrued]) -> dict[str, str]:
    """JSON of the declared attributes of each stop."""
    places = {part.segment.stop.event_id: part.plant for part in stops}
    rows = await conn.fetch(
        *_MONEY[None].attributes_of_stops(
            ids=list(places), plants=list(places.values()),
            declared=(await read_position(conn)).declared,
        )
    )  # fmt: skip
    return {row["event_id"]: row["attributes"] for row in rows}


def _add_stop(
    change: Callable[[str], Change], part: Accrued, windows: Windows, attributes: str | None
) -> None:
    """Raises `ValueError` where its money has no exchange rate."""
    stop, cell = part.segment.stop, part.cell(None, part.cost, part.seconds)
    if cell.unconverted:
        raise ValueError(
            f"an open stop of line {part.line} in {stop.currency} has no exchange rate on "
            f"{part.bucket.day}: import one, or leave out the currency"
        )
    is_after = windows.after.first <= part.bucket.day < windows.after.last
    row = {
        "plant": part.plant, "line": part.line, "product": stop.product, "stage": None,
        "element": element(stop), "defect_code": stop.defect_code, "work_unit": stop.work_unit,
        "shift": stop.shift, "supplier": None, "attributes": attributes,
    }  # fmt: skip
    square = part.sign * float(cell.net) ** 2
    money, squares = ((ZERO, cell.net), (0.0, square)) if is_after else (
        (cell.net, ZERO), (square, 0.0)
    )  # fmt: skip
    own = change(cell.currency)
    own.add(row, *money, *squares)
    own.open_stops.append(OpenStop(part.bucket.day, own.named(row), cell.net))
