"""`copq projects`: improvement projects, from the proposal to savings that finance has signed."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from asyncpg import Connection

from copq.access.door import Role
from copq.command_line.acting import ByOption, WhyOption, actor
from copq.command_line.commands.finance import (
    project_accounts,
    project_savings,
    project_steps,
)
from copq.command_line.commands.finance.importing import read_or_refuse
from copq.command_line.commands.finance.project_options import PlantArgument, ProjectArgument
from copq.command_line.commands.finance.project_show import show_account
from copq.command_line.commands.read import bridge, evidence, project_export
from copq.command_line.commands.read.answering import read_answer
from copq.command_line.commands.read.figures import when
from copq.command_line.commands.read.portfolio import portfolio
from copq.command_line.database import DATA, DatabaseOption, DataOption, query_database
from copq.command_line.options import JsonOption, PlantOption
from copq.command_line.terminal import count_of, out, print_json, refuse, table
from copq.database.connections import DatabaseRole
from copq.figures.names import check_names
from copq.improvement.projects.states import Step
from copq.projects.answers import ProjectAccount, account_of, project_json
from copq.projects.file import read_projects
from copq.projects.proposing import Imported, import_projects
from copq.projects.store import Project
from copq.projects.store import projects as stored_projects
from copq.rates.book import RateBook
from copq.rates.file import RateFileError
from copq.rates.store import load

app = typer.Typer(
    help="Improvement projects: proposed, approved, measured, and signed by finance.",
    no_args_is_help=True,
)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A file of projects, YAML; see docs/projects.md.")],
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Propose the projects of a file, as a whole or not at all. Other projects stay as they are.

    A project that is not approved yet may change; what approval froze may not. For managers and
    finance: once such a token exists, COPQ_TOKEN must hold one.

    Example: copq projects import projects.yaml --why "plan of 2026"
    """
    found = read_or_refuse(read_projects, file)

    async def ask(conn: Connection) -> Imported:
        person = await actor(conn, Role.MANAGER, by, Role.FINANCE)
        return await import_projects(conn, found, await load(conn), file.name, person, why)

    try:
        done = query_database(ask, database_url, data, DatabaseRole.PROJECTS)
    except RateFileError as error:
        refuse("nothing was imported", error.faults)
    if as_json:
        print_json({n: getattr(done, n) for n in ("new", "changed", "unchanged")})
        return
    count = count_of(done.new, "project")
    out.print(f"{count} proposed, {done.changed} changed, {done.unchanged} unchanged.")


@app.command("list")
def list_(
    plant: PlantOption = None,
    state: Annotated[str | None, typer.Option(help="Only projects in this state.")] = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """List the projects: state, owner and start.

    Example: copq projects list --plant north
    """

    async def ask(conn: Connection, book: RateBook, now: datetime) -> list[Project]:
        await check_names(conn, book, plant)
        found = await stored_projects(conn, plant)
        return [one for one in found if state in (None, one.state)]

    found = read_answer(ask, database_url, data)
    if as_json:
        print_json({"projects": [project_json(one) for one in found]})
    elif found:
        _show(found)
    else:
        out.print("No project is proposed. Propose some with: copq projects import FILE")


def _show(found: list[Project]) -> None:
    rows = [
        (
            one.plant, one.name, one.state, one.owner, one.sponsor, str(one.plan.starts),
            when(one.steps[-1].at), one.steps[-1].by,
        )
        for one in found
    ]  # fmt: skip
    names = ["plant", "project", "state", "owner", "sponsor", "starts", "since", "by"]
    table("Projects", names, rows, left=len(names))


@app.command()
def show(
    plant: PlantArgument,
    project: ProjectArgument,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show a project: plan, steps, what is frozen, and all that was said and decided since.

    Example: copq projects show north caps
    """

    async def ask(conn: Connection, book: RateBook, now: datetime) -> ProjectAccount:
        await check_names(conn, book, plant)
        return await account_of(conn, plant, project)

    found = read_answer(ask, database_url, data)
    if as_json:
        print_json(found.as_json())
        return
    show_account(found)


app.command("size")(project_steps.size)
app.command("approve")(project_steps.approve)
for _step in Step:
    if _step not in (Step.SIZE, Step.APPROVE):
        app.command(str(_step))(project_steps.step_command(_step))
app.command("own")(project_accounts.own)
app.command("invest")(project_accounts.invest)
app.command("forecast")(project_accounts.forecast)
app.command("non-routine")(project_accounts.non_routine)
app.command("substitute")(project_accounts.substitute)
app.command("decide")(project_accounts.decide)
app.command("share")(project_accounts.share)
app.command("claim")(project_savings.claim)
app.command("validate")(project_savings.validate)
app.command("portfolio")(portfolio)
app.command("bridge")(bridge.bridge)
app.command("evidence")(evidence.evidence)
app.command("refresh")(bridge.refresh_projects)
app.command("export")(project_export.export)
