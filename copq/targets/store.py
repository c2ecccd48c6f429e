"""Targets in Postgres: each as it was set; none is ever changed."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from asyncpg import Connection, Record

from copq.access.authority import Actor, sign
from copq.database.queries import Queries
from copq.rates.book import RateBook
from copq.rates.file import RateFileError
from copq.rates.names import name_list, unknown_plant
from copq.schemas.targets import Budget, Target, TargetFile
from copq.targets.book import ALL, SetBudget, SetTarget, TargetBook, in_force

_SQL = Queries.of(__file__)


@dataclass(frozen=True, slots=True)
class Imported:
    """How many of a file's items were new, and how many were already in force."""

    targets: int
    budgets: int
    unchanged: int


async def import_targets(
    conn: Connection, file: TargetFile, book: RateBook, source: str, actor: Actor, why: str = ""
) -> Imported:
    """Add the new items of the file, all or nothing, in one transaction.

    Raises `RateFileError` where it names a plant or line that is not in the rate book,
    `OutOfScope` where it names one that the actor's token is not for.
    """
    actor.require([(target.plant, target.line) for target in file.targets])
    actor.require([(budget.plant, budget.line) for budget in file.budgets])
    if faults := [*_unknown(file.targets, book), *_unknown(file.budgets, book)]:
        raise RateFileError(faults)
    async with conn.transaction():
        await sign(conn, actor, why)
        known = await _latest_items(conn)
        targets = [t for t in map(_set_target, file.targets) if t != known.get(_scope(t))]
        budgets = [b for b in map(_set_budget, file.budgets) if b != known.get(_scope(b))]
        origin = {"set_by": actor.name, "source": source}
        await conn.executemany(*_SQL.add_target.rows({**asdict(t), **origin} for t in targets))
        await conn.executemany(*_SQL.add_budget.rows({**asdict(b), **origin} for b in budgets))
    fresh = len(targets) + len(budgets)
    return Imported(len(targets), len(budgets), len(file.targets) + len(file.budgets) - fresh)


def _set_target(target: Target) -> SetTarget:
    return SetTarget(
        target.plant or ALL, target.line or ALL, target.product or ALL, target.window or ALL,
        target.effective_from, target.ratio,
    )  # fmt: skip


def _set_budget(budget: Budget) -> SetBudget:
    return SetBudget(
        budget.plant, budget.line or ALL, budget.category or ALL, budget.effective_from,
        budget.amount,
    )  # fmt: skip


def _row(item: SetTarget | SetBudget) -> tuple[Any, ...]:
    return tuple(getattr(item, name) for name in item.__dataclass_fields__)


def _scope(item: SetTarget | SetBudget) -> tuple[Any, ...]:
    """All columns but the figure, which is the last."""
    return type(item), *_row(item)[:-1]


async def _latest_items(conn: Connection) -> dict[Any, SetTarget | SetBudget]:
    """The last item set for each scope and date."""
    targets, budgets = await history(conn)
    items: list[SetTarget | SetBudget] = [*targets, *budgets]
    return {_scope(item): item for item in items}


def _unknown(items: tuple[Target, ...] | tuple[Budget, ...], book: RateBook) -> list[str]:
    faults = (_fault(item, book) for item in items)
    return list(dict.fromkeys(fault for fault in faults if fault))


def _fault(item: Target | Budget, book: RateBook) -> str | None:
    """The plant or line that the rate book lacks; None if it has both."""
    plant, line, product = item.plant, item.line, getattr(item, "product", None)
    if plant is not None and plant not in book.sites:
        return unknown_plant(plant, book.sites)
    lines = book.sites[plant].lines if plant is not None else None
    if line and lines and line not in lines:
        return f'line "{line}" is not in plant "{plant}"; its lines are {name_list(sorted(lines))}'
    if product and not book.has_table(plant, product):
        of = [plant] if plant is not None else list(book.products)
        products = sorted({name for plant in of for name in book.products[plant]})
        return (
            f'product "{product}" has no cost table; products that have one: '
            f"{name_list(products)}. "
            "Add it with: copq rates import FILE"
        )
    return None


async def history(conn: Connection) -> tuple[list[SetTarget], list[SetBudget]]:
    """All targets and budgets ever set, in order."""
    targets = [SetTarget(**row) for row in await conn.fetch(*_SQL.all_targets())]
    budgets = [SetBudget(**row) for row in await conn.fetch(*_SQL.all_budgets())]
    return targets, budgets


@dataclass(frozen=True, slots=True)
class Setting:
    """A target or budget, who set it and when; `source` is a file, a command or a page."""

    item: SetTarget | SetBudget
    set_at: datetime
    set_by: str
    source: str


async def settings(conn: Connection) -> tuple[list[Setting], list[Setting]]:
    """As `history`, with who set them."""
    targets = await conn.fetch(*_SQL.told_targets())
    budgets = await conn.fetch(*_SQL.told_budgets())
    return [_setting(SetTarget, row) for row in targets], [
        _setting(SetBudget, row) for row in budgets
    ]


def _setting(kind: type[SetTarget] | type[SetBudget], row: Record) -> Setting:
    names = kind.__dataclass_fields__
    item = kind(**{name: row[name] for name in names})
    return Setting(item, row["set_at"], row["set_by"], row["source"])


async def load_targets(conn: Connection, now: datetime) -> TargetBook:
    """The targets and budgets in force at `now`."""
    return in_force(*await history(conn), now)
