"""`copq groups`: which product is in which group of a grouping, from which production day on."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from asyncpg import Connection

from copq.command_line.acting import ByOption, WhyOption
from copq.command_line.commands.finance.importing import import_as_finance, read_or_refuse
from copq.command_line.commands.read.answering import read_answer
from copq.command_line.commands.read.figures import LimitOption, most_rows, show_rest, when
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import JsonOption, PlantOption, ProductOption
from copq.command_line.terminal import count_of, out, print_json, table
from copq.figures.groups_answer import GroupsAnswer, GroupsRequest, answer_groups
from copq.groups.file import read_group_file
from copq.groups.store import import_groups
from copq.rates.book import RateBook
from copq.schemas.groups import FIRST_DAY

app = typer.Typer(
    help="Product groups: families, customers and so on, by plant and production day.",
    no_args_is_help=True,
)


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="A group file: YAML, CSV or Excel; see docs/product-groups.md.")
    ],
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Import a group file, as a whole or not at all. Other products stay where they are.

    Another group for the same product and day takes the place of the old one, which stays in the
    history. For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq groups import groups.csv --why "families of 2026"
    """
    groups = read_or_refuse(read_group_file, file)
    done = import_as_finance(import_groups, groups, file.name, by, why, database_url, data)
    if as_json:
        print_json({n: getattr(done, n) for n in ("new", "changed", "unchanged")})
        return
    rows = count_of(done.new, "membership")
    out.print(f"{rows} set, {done.changed} changed, {done.unchanged} unchanged.")


@app.command("list")
def list_(
    plant: PlantOption = None,
    product: ProductOption = None,
    grouping: Annotated[str | None, typer.Option(help="Only this grouping.")] = None,
    group: Annotated[str | None, typer.Option(help="Only this group.")] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Show the versions that were replaced, too.")
    ] = False,
    limit: LimitOption = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """List the groups of each plant and product, the newest day first.

    Example: copq groups list --plant north --grouping family
    """
    request = GroupsRequest(
        plant=plant, product=product, grouping=grouping, group=group, history=history
    )

    async def ask(conn: Connection, book: RateBook, now: datetime) -> GroupsAnswer:
        return await answer_groups(conn, book, request, now, most_rows(limit, as_json))

    found = read_answer(ask, database_url, data)
    if as_json:
        print_json(found.as_json())
    elif found.rows:
        _show(found)
    else:
        out.print("No product is in a group. Set groups with: copq groups import FILE")


def _show(found: GroupsAnswer) -> None:
    words = ["plant", "grouping", "product", "group", "from", "by", "at", "why"]
    rows = [
        (m.plant, m.grouping, m.product, m.group,
         "always" if m.effective_from == FIRST_DAY else str(m.effective_from), m.set_by,
         when(m.set_at), m.why or "–", str(m.version), "yes" if m.is_newest else "")
        for m in found.rows
    ]  # fmt: skip
    table("Product groups", [*words, "version", "in force"], rows, left=len(words))
    show_rest(len(rows), found.rows_total)
