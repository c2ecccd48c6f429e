"""What the losses of a plan are compared with, by production day, line and product."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from asyncpg import Record

from copq.improvement.projects.plan import Exposure, Plan
from copq.improvement.projects.scope import Scope, allows, names_of
from copq.ledger.arithmetic import MONEY, SECONDS_AN_HOUR, ZERO, quotient
from copq.rates.book import RateBook

Place = tuple[date, str, str]
"""A production day, a line and a product; an empty name stands for losses that have none."""


Output = Mapping[date, Mapping[str, Mapping[str, Sequence[Record]]]]
"""Rows of what was made, by production day, line and product."""


@dataclass(slots=True)
class Exposed:
    """The exposure of each place, and the number of entries of each day that it follows from."""

    of: dict[Place, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    entries: Counter[date] = field(default_factory=Counter)


def output_of(rows: Iterable[Record]) -> Output:
    found: dict[date, dict[str, dict[str, list[Record]]]] = defaultdict(dict)
    for row in rows:
        found[row["day"]].setdefault(row["line"], {}).setdefault(row["product"], []).append(row)
    return found


def exposure(
    plan: Plan, frozen: RateBook, days: Iterable[date], output: Output, hours: Output, late: int
) -> Exposed:
    """The exposure of the plan's lines and products; its other filters do not matter.

    Losses without a product are compared with all that their line made, and those without a line
    with all that the plant made. Rows that are later than `late` are left out. Call it under the
    `MONEY` context.
    """
    exposed, lines, products = Exposed(), _lines(plan.scope), _products(plan.scope)
    in_hours = plan.exposure is Exposure.PRODUCTION_HOURS
    for day in days:
        made = _chosen((hours if in_hours else output).get(day, {}), lines)
        of_lines = {line: _chosen(made[line], None if in_hours else products) for line in made}
        rows = [
            [row for row in own if row["late"] <= late]
            for of in of_lines.values()
            for own in of.values()
        ]
        exposed.entries[day] += sum(row["entries"] for own in rows for row in own)
        if in_hours:
            amounts = _hours(row for own in rows for row in own)
        else:
            amounts = ((_place(own[0]), _amount(own, plan, frozen)) for own in rows if own)
        for place, amount in amounts:
            for own_place in _places(plan.scope, place):
                exposed.of[own_place] += amount
    return exposed


_T = TypeVar("_T")


def _chosen(of: Mapping[str, _T], names: Sequence[str] | None) -> Mapping[str, _T]:
    """Those with these names; None: all."""
    return of if names is None else {name: of[name] for name in names if name in of}


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


def _amount(rows: Sequence[Record], plan: Plan, frozen: RateBook) -> Decimal:
    """Of the rows of a place."""
    units: Decimal = sum((row["units"] for row in rows), ZERO)
    if plan.exposure is Exposure.UNITS:
        return units
    table = frozen.cost_table(plan.plant, rows[0]["product"], _ANY)
    if table is None:
        return sum((row["base"] for row in rows), ZERO)
    return MONEY.multiply(units, table.item.finished_cost)


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
