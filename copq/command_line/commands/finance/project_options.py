"""What the commands of `copq projects` take, and how they act: as an owner, or for finance."""

import shlex
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

import typer
from asyncpg import Connection

from copq.access.door import Role
from copq.command_line.acting import actor
from copq.command_line.database import query_database
from copq.command_line.exits import Exit
from copq.command_line.terminal import fail, one_of
from copq.database.connections import DatabaseRole
from copq.improvement.projects.plan import BenefitType
from copq.periods.period import PeriodError, month_of
from copq.projects.order import Order
from copq.projects.store import ProjectError, UnknownProject
from copq.rates.book import RateBook
from copq.rates.names import unknown_plant
from copq.rates.store import load
from copq.schemas.names import canonical

T = TypeVar("T")
TYPES = tuple(map(str, BenefitType))
PlantArgument = Annotated[str, typer.Argument(help="The plant.", parser=canonical, metavar="PLANT")]
ProjectArgument = Annotated[
    str, typer.Argument(help="The project.", parser=canonical, metavar="PROJECT")
]
MonthArgument = Annotated[str, typer.Argument(help="The month: 2026-03.")]
WhyOption = Annotated[str, typer.Option(help="Why, for the project and the audit trail.")]
TypeOption = Annotated[
    str, typer.Option("--type", help=f"One of {', '.join(TYPES)}.", callback=one_of(TYPES))
]
AmountOption = Annotated[str, typer.Option("--amount", help="In the project's currency.")]


class Asked(NamedTuple):
    """What an ordered piece of work has at hand."""

    conn: Connection
    book: RateBook
    order: Order
    now: datetime


Work = Callable[[Asked], Awaitable[T]]


class Person(NamedTuple):
    """Who acts and why, as the options say, and on which database."""

    by: str
    why: str
    url: str | None
    data: Path


def as_owner(plant: str, person: Person, work: Work[T]) -> T:
    """The result of `work` for an owner of projects: a manager or finance, once tokens exist."""
    return _run(plant, person, work, (Role.MANAGER, Role.FINANCE), DatabaseRole.PROJECTS)


def as_finance(plant: str, person: Person, work: Work[T]) -> T:
    """The result of `work` for finance. Both end the command with what is refused."""
    return _run(plant, person, work, (Role.FINANCE,), DatabaseRole.FINANCE)


def _run(
    plant: str, person: Person, work: Work[T], roles: tuple[Role, ...], role: DatabaseRole
) -> T:
    async def ask(conn: Connection) -> T:
        book = await load(conn)
        if plant not in book.sites:
            raise UnknownProject(unknown_plant(plant, book.sites))
        order = Order(await actor(conn, roles[0], person.by, *roles[1:]), person.why)
        return await work(Asked(conn, book, order, datetime.now(UTC)))

    try:
        return query_database(ask, person.url, person.data, role)
    except ProjectError as error:
        fail(str(error), Exit.USAGE if isinstance(error, UnknownProject) else Exit.NO)


def month(text: str) -> date:
    """The first day of the month; the command ends where there is none."""
    try:
        return month_of(text)
    except PeriodError as error:
        fail(str(error))


def amount(text: str, option: str = "--amount") -> Decimal:
    """The amount; the command ends where the text is not one."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite() or abs(found) >= Decimal(10) ** 15:
        fail(f'{option}: "{text}" is not an amount: write 1200 or -35.50')
    return found


def command_line(*words: str) -> str:
    """A command of `copq projects`, quoted for the shell."""
    return shlex.join(["copq", "projects", *words])
