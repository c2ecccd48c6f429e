"""`copq projects claim` and `copq projects validate`: two persons sign each month."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from copq.command_line.acting import ByOption
from copq.command_line.commands.finance import project_options as options
from copq.command_line.commands.finance.project_options import (
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
from copq.command_line.terminal import one_of, out, print_json
from copq.improvement.projects.plan import BenefitType
from copq.ledger.arithmetic import ZERO
from copq.projects import savings
from copq.projects.savings import VERDICTS, Verdict
from copq.projects.store import Claim, Validation

DECISIONS = tuple(VERDICTS)


def claim(
    plant: PlantArgument,
    project: ProjectArgument,
    month: MonthArgument,
    amount: Annotated[
        str, typer.Option("--amount", help="Without it: the whole net saving of the month.")
    ] = "",
    type: TypeOption = "hard",
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Claim the saving of a month. It rests on the newest bridge of the month.

    For the owner alone, who is never finance's validator: once a manager's or a finance token
    exists, COPQ_TOKEN must hold the owner's.

    Example: copq projects claim north caps 2026-06 --amount 2900
    """
    first = options.month(month)
    claimed = options.amount(amount) if amount else None

    async def work(at: Asked) -> Claim:
        kind = BenefitType(type)
        return await savings.claim(at.conn, plant, project, first, kind, claimed, at.order)

    found = as_owner(plant, Person(by, why, database_url, data), work)
    if as_json:
        print_json(_named(plant, project, found))
        return
    out.print(f"Claimed for {month}, {type}: {found.amount:f}, on version {found.version}.")
    line = command_line("validate", plant, project, month, "accept")
    out.print(f"Next, finance: {line}")


def validate(
    plant: PlantArgument,
    project: ProjectArgument,
    month: MonthArgument,
    decision: Annotated[
        str, typer.Argument(help=f"{', '.join(DECISIONS)}.", callback=one_of(DECISIONS))
    ],
    amount: Annotated[str, typer.Option("--amount", help="What it is reduced to.")] = "",
    in_budget: Annotated[
        str, typer.Option(help="How much of it finance has taken out of the budget.")
    ] = "",
    type: TypeOption = "hard",
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Accept, reduce or reject what is claimed of a closed month. The next closing signs it.

    For finance, by a person who never owned the project: once a finance token exists, COPQ_TOKEN
    must hold one.

    Example: copq projects validate north caps 2026-06 reduce --amount 2500 --why "less scrap"
    """
    first = options.month(month)
    verdict = Verdict(
        decision,
        options.amount(amount) if amount else None,
        options.amount(in_budget, "--in-budget") if in_budget else ZERO,
    )

    async def work(at: Asked) -> Validation:
        kind = BenefitType(type)
        return await savings.validate(at.conn, plant, project, first, kind, verdict, at.order)

    found = as_finance(plant, Person(by, why, database_url, data), work)
    if as_json:
        print_json(_named(plant, project, found))
        return
    budget = f", {found.in_budget:f} of it in the budget" if found.in_budget else ""
    out.print(f"{month}, {type}: {found.decision} at {found.amount:f}{budget}.")


def _named(plant: str, project: str, found: Claim | Validation) -> dict[str, Any]:
    return {**asdict(found), "plant": plant, "project": project}
