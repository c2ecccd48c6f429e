"""What changes around a frozen plan: `copq projects own`, `invest`, `forecast` and so on."""

from decimal import Decimal
from typing import Annotated

import typer

from copq.command_line.acting import ByOption
from copq.command_line.commands.finance import project_options as options
from copq.command_line.commands.finance.project_options import (
    AmountOption,
    Asked,
    MonthArgument,
    Person,
    PlantArgument,
    ProjectArgument,
    TypeOption,
    WhyOption,
    as_finance,
    as_owner,
    command_line,
)
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import JsonOption
from copq.command_line.terminal import fail, money, one_of, out, print_json
from copq.improvement.projects.plan import BenefitType
from copq.projects import accounts
from copq.projects.answers import project_json
from copq.projects.store import Project
from copq.rates.file import RateFileError, dotted, validate
from copq.schemas.names import canonical
from copq.schemas.projects import InvestmentItem

KINDS = ("non-routine", "substitute")
VERDICTS = tuple(accounts.DECISIONS)


def own(
    plant: PlantArgument,
    project: ProjectArgument,
    owner: Annotated[str, typer.Option(help="The new owner.", parser=canonical)] = "",
    sponsor: Annotated[str, typer.Option(help="The new sponsor.", parser=canonical)] = "",
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Hand a project over to another owner or sponsor. Nobody who was owner ever validates it.

    For its owner or finance: once a manager's or a finance token exists, COPQ_TOKEN must hold one.

    Example: copq projects own north caps --owner otto --why "olga has left"
    """
    if not owner and not sponsor:
        fail("name the new --owner, the new --sponsor, or both")

    async def work(at: Asked) -> Project:
        return await accounts.own(at.conn, plant, project, owner, sponsor, at.order)

    one = as_owner(plant, Person(by, why, database_url, data), work)
    if as_json:
        print_json(project_json(one))
        return
    out.print(f"{one}: owner {one.owner}, sponsor {one.sponsor}.")


def invest(
    plant: PlantArgument,
    project: ProjectArgument,
    name: Annotated[str, typer.Argument(help="What it is for; a known name is restated.")],
    amount: AmountOption = "",
    month: Annotated[str, typer.Option(help="The month, or the first one: 2026-03.")] = "",
    monthly: Annotated[bool, typer.Option("--monthly", help="In each month from then on.")] = False,
    last_month: Annotated[str, typer.Option(help="The last month of a monthly one.")] = "",
    currency: Annotated[str, typer.Option(help="That of the project; else refused.")] = "",
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take the investment away; its history stays.")
    ] = False,
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Set what is put into a project, once or each month, or take an investment away.

    For its owner or finance: once a manager's or a finance token exists, COPQ_TOKEN must hold one.

    Example: copq projects invest north caps capper --amount 40000 --month 2026-04
    """
    kind = "running" if monthly or last_month else "once"
    item = None
    if not withdraw:
        said = {"amount": amount, "first_month": month, "last_month": last_month}
        said |= {"currency": currency, "name": name, "kind": kind}
        item = _investment({option: value for option, value in said.items() if value})

    async def work(at: Asked) -> Project:
        if item is None:
            return await accounts.withdraw_investment(at.conn, plant, project, name, at.order)
        return await accounts.invest(at.conn, plant, project, item, at.order)

    one = as_owner(plant, Person(by, why, database_url, data), work)
    if as_json:
        set_to = None if item is None else item.model_dump(exclude={"currency"})
        print_json({"plant": plant, "project": project, "name": name, "investment": set_to})
    elif item is None:
        out.print(f'{one}: the investment "{name}" is taken away.')
    else:
        each = " a month" if item.kind == "running" else ""
        out.print(f'{one}: {money(item.amount, one.plan.currency)} for "{name}"{each}.')


def _investment(said: dict[str, str]) -> InvestmentItem:
    try:
        return validate(said, InvestmentItem, (), dotted)
    except RateFileError as error:
        fail("; ".join(error.faults))


def forecast(
    plant: PlantArgument,
    project: ProjectArgument,
    month: MonthArgument,
    amount: AmountOption,
    type: TypeOption = "hard",
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Say what you now expect of a month. The promise stays as it was frozen.

    For its owner or finance: once a manager's or a finance token exists, COPQ_TOKEN must hold one.

    Example: copq projects forecast north caps 2026-08 --amount 3100 --why "one line only"
    """
    first, expected = options.month(month), options.amount(amount)

    async def work(at: Asked) -> Project:
        kind = BenefitType(type)
        return await accounts.forecast(at.conn, plant, project, first, kind, expected, at.order)

    one = as_owner(plant, Person(by, why, database_url, data), work)
    if as_json:
        print_json({"plant": plant, "project": project, "month": month, "type": type,
                    "amount": expected})  # fmt: skip
        return
    out.print(f"{one}: {money(expected, one.plan.currency)} expected in {month}, {type}.")


def non_routine(
    plant: PlantArgument,
    project: ProjectArgument,
    month: MonthArgument,
    amount: AmountOption,
    evidence: Annotated[str, typer.Option(help="Where finance can check it.")],
    why: WhyOption,
    by: ByOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Say what happened in a month without being work of the project: a strike, a flood.

    An amount that raised the losses is positive. It counts once finance has accepted it. For its
    owner or finance: once a manager's or a finance token exists, COPQ_TOKEN must hold one.

    Example: copq projects non-routine north caps 2026-06 --amount 90 --evidence note --why flood
    """
    first, signed = options.month(month), options.amount(amount)

    async def work(at: Asked) -> int:
        return await accounts.add_non_routine(
            at.conn, plant, project, first, signed, evidence, at.order
        )

    number = as_owner(plant, Person(by, why, database_url, data), work)
    _said(plant, project, "non-routine", number, as_json)


def substitute(
    plant: PlantArgument,
    project: ProjectArgument,
    line: Annotated[str, typer.Argument(help="The line that makes it.", parser=canonical)],
    product: Annotated[
        str, typer.Argument(help="The product without a baseline.", parser=canonical)
    ],
    like: Annotated[str, typer.Option(help="The product that it is like.", parser=canonical)],
    why: WhyOption,
    like_line: Annotated[
        str, typer.Option(help="The line of that product, if another.", parser=canonical)
    ] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Propose the baseline of a product for one that the baseline did not make.

    It counts once finance has accepted it; until then nobody can claim what the new product saves.
    For its owner or finance: once a manager's or a finance token exists, COPQ_TOKEN must hold one.

    Example: copq projects substitute north caps L1 cap-28 --like cap-26 --why "same tool"
    """

    async def work(at: Asked) -> int:
        alike = (like_line or line, like)
        return await accounts.add_substitute(
            at.conn, plant, project, (line, product), alike, at.order
        )

    number = as_owner(plant, Person(by, why, database_url, data), work)
    _said(plant, project, "substitute", number, as_json)


def _said(plant: str, project: str, kind: str, number: int, as_json: bool) -> None:
    if as_json:
        print_json({"plant": plant, "project": project, "kind": kind, "number": number})
        return
    out.print(f"Number {number}. It counts once finance accepts it:")
    line = command_line("decide", plant, project, kind, str(number), "accept", "--why")
    out.print(f"{line} …", soft_wrap=True)


def decide(
    plant: PlantArgument,
    project: ProjectArgument,
    kind: Annotated[str, typer.Argument(help=f"{' or '.join(KINDS)}.", callback=one_of(KINDS))],
    number: Annotated[int, typer.Argument(help="Its number: see copq projects show.")],
    decision: Annotated[
        str, typer.Argument(help=f"{' or '.join(VERDICTS)}.", callback=one_of(VERDICTS))
    ],
    why: WhyOption,
    by: ByOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Accept or reject a non-routine amount or a substitute baseline.

    For finance, by a person who never owned the project: once a finance token exists, COPQ_TOKEN
    must hold one.

    Example: copq projects decide north caps non-routine 1 accept --why "seen in the report"
    """

    async def work(at: Asked) -> Project:
        return await accounts.decide(
            at.conn, plant, project, kind.replace("-", "_"), number, decision, at.order
        )

    one = as_finance(plant, Person(by, why, database_url, data), work)
    done = accounts.DECISIONS[decision]
    if as_json:
        print_json({"plant": plant, "project": project, "kind": kind, "number": number,
                    "decision": done})  # fmt: skip
        return
    out.print(f"{one}: {kind} {number} is {done}.")


def share(
    plant: PlantArgument,
    parts: Annotated[list[str], typer.Argument(help='Each project that shares cells: "caps=0.6".')],
    why: WhyOption,
    month: Annotated[str, typer.Option("--from", help="From this month on: 2026-06.")],
    by: ByOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Divide the saving of the cells that exactly these projects share. Equal without it.

    For finance, by a person who never owned one of them: once a finance token exists, COPQ_TOKEN
    must hold one.

    Example: copq projects share north caps=0.6 labels=0.4 --from 2026-06 --why "as agreed"
    """
    first = options.month(month)
    pairs = [_part(text) for text in parts]
    shares = dict(pairs)
    if len(shares) < len(pairs):
        fail("a project is named twice: give each one share")

    async def work(at: Asked) -> None:
        await accounts.divide(at.conn, plant, first, shares, at.order)

    as_finance(plant, Person(by, why, database_url, data), work)
    if as_json:
        print_json({"plant": plant, "from_month": month, "shares": shares})
        return
    shown = ", ".join(f"{name} {part:f}" for name, part in shares.items())
    out.print(f"From {month} on: {shown}.")


def _part(text: str) -> tuple[str, Decimal]:
    name, _, part = text.rpartition("=")
    if not name:
        fail(f'"{text}" is not a share: write a project and its share, such as caps=0.6')
    return canonical(name), options.amount(part, f'"{name}"')
