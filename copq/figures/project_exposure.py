"""What the losses of a plan are compared with, by production day, line and product."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.what_if_query import instants_of
from copq.figures.window import Window
from copq.improvement.projects.plan import Exposure, Plan
from copq.improvement.projects.scope import Scope, allows, names_of
from copq.ledger.arithmetic import MONEY, SECONDS_AN_HOUR, ZERO, quotient
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)

Place = tuple[date, str, str]
"""A production day, a line and a product; an empty name stands for losses that have none."""


@dataclass(slots=True)
class Exposed:
    """The exposure of each place, and the number of entries of each day that it follows from."""

    of: dict[Place, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    entries: Counter[date] = field(default_factory=Counter)


async def read_exposure(
    conn: Connection, plan: Plan, frozen: RateBook, window: Window,
    booked_until: datetime | None = None,
) -> Exposed:  # fmt: skip
    """The exposure of the plan's lines and products; its other filters do not matter.

    Losses without a product are compared with all that their line made, and those without a line
    with all that the plant made.
    """
    exposed, days = Exposed(), _days(plan, window, booked_until)
    if plan.exposure is Exposure.PRODUCTION_HOURS:
        rows = await conn.fetch(*_SQL.project_hours(**days, line=_lines(plan.scope)))
        made = _hours(rows)
    else:
        rows = await conn.fetch(*_SQL.project_output(
            **days, line=_lines(plan.scope), product=_products(plan.scope),
        ))  # fmt: skip
        made = ((_place(row), _amount(row, plan, frozen)) for row in rows)
    for row in rows:
        exposed.entries[row["day"]] += row["entries"]
    for place, amount in made:
        for own in _places(plan.scope, place):
            exposed.of[own] = MONEY.add(exposed.of[own], amount)
    return exposed


def _days(plan: Plan, window: Window, booked_until: datetime | None) -> dict[str, Any]:
    days = {"first": window.first, "last": window.last, "booked_until": booked_until}
    return {"plant": plan.plant, **days, **instants_of(window)}


def _lines(scope: Scope) -> list[str] | None:
    """The lines whose output is needed; None: all."""
    return None if allows(scope, "line", None) else sorted(names_of(scope, "line") or ())


def _products(scope: Scope) -> list[str] | None:
    return None if allows(scope, "product", None) else sorted(names_of(scope, "product") or ())


def _place(row: Record) -> Place:
    return row["day"], row["line"], row["product"]


def _places(scope: Scope, made: Place) -> Iterable[Place]:
    """The places in scope whose losses are compared with what was made here."""
    day, *names = made
    lines, products = ({name, ""} for name in names)
    for line in lines:
        for product in products:
            if allows(scope, "line", line) and allows(scope, "product", product):
                yield day, line, product


def _amount(row: Record, plan: Plan, frozen: RateBook) -> Decimal:
    units: Decimal = row["units"]
    if plan.exposure is Exposure.UNITS:
        return units
    table = frozen.cost_table(plan.plant, row["product"], _ANY)
    return row["base"] if table is None else MONEY.multiply(units, table.item.finished_cost)


_ANY = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
"""The frozen rates are the same at every instant."""

_Hour = tuple[date, datetime, str]


def _hours(rows: Iterable[Record]) -> Iterable[tuple[Place, Decimal]]:
    """The hours in which a line made something, without its stops, by its units of each product."""
    units: dict[_Hour, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    stopped: dict[_Hour, Decimal] = defaultdict(Decimal)
    for row in rows:
        hour = row["day"], row["hour"], row["line"]
        units[hour][row["product"]] += row["units"]
        stopped[hour] += row["stopped"]
    for (day, at, line), made in units.items():
        ran = max(SECONDS_AN_HOUR - stopped[day, at, line], ZERO)
        total = sum((amount for amount in made.values() if amount > 0), ZERO)
        for product, amount in made.items():
            if amount > 0:
                yield (day, line, product), quotient(ran * amount, total * SECONDS_AN_HOUR)
