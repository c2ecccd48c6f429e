"""`copq kpis`: OEE and its factors, yields and MTTR of any time."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import typer
from asyncpg import Connection

from copq.command_line.commands.read.answering import read_answer
from copq.command_line.commands.read.figures import LimitOption, most_rows, share, show_rest, when
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import (
    EndOption,
    GroupingOption,
    GroupOption,
    JsonOption,
    LineOption,
    PlantOption,
    ProductOption,
)
from copq.command_line.terminal import out, print_json, table
from copq.figures import kpi_report as reporting
from copq.figures.kpi_answer import KpiAnswer, KpiRequest, answer_kpis
from copq.rates.book import RateBook


def kpis(
    plant: PlantOption = None,
    line: LineOption = None,
    product: ProductOption = None,
    group: GroupOption = None,
    grouping: GroupingOption = None,
    by: Annotated[
        str,
        typer.Option(help=f"A row for each, with commas: {', '.join(reporting.DIMENSIONS)}."),
    ] = "plant,line",
    start: Annotated[
        str, typer.Option("--from", help="First day or time: 2026-03-01, 2026-03-01T06:00.")
    ] = "",
    end: EndOption = "",
    limit: LimitOption = None,
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show OEE, availability, effectiveness, quality, yields and MTTR of a shift, day or any time.

    Times are the plant's own. Without --from: the production day so far.

    Example: copq kpis --plant north --from 2026-03-01T06:00 --to 2026-03-01T14:00
    """
    request = KpiRequest(
        plant=plant, line=line, product=product, group=group, grouping=grouping, by=by,
        start=start, end=end,
    )  # fmt: skip

    async def ask(conn: Connection, book: RateBook, now: datetime) -> KpiAnswer:
        return await answer_kpis(conn, book, request, now, most_rows(limit, as_json))

    found = read_answer(ask, database_url, data)
    if as_json:
        print_json(found.as_json())
    elif found.rows:
        _show(found.rows)
        show_rest(len(found.rows), found.rows_total)
    else:
        out.print("No unit was made and no line stopped in this time.")


def _show(found: list[reporting.KpiRow]) -> None:
    dims = list(found[0].dims)
    names = [name.replace("_", " ") for name in reporting.RATIOS]
    columns = ["from", "to", *dims, *names, "MTTR, min", "stops"]
    table("Key figures", columns, map(_row, found), left=2 + len(dims))
    for text in reporting.missing_reasons(found):
        out.print(text, markup=False, soft_wrap=True, style="dim")


def _row(row: reporting.KpiRow) -> tuple[str, ...]:
    edges = ("–" if at is None else when(at) for at in (row.start, row.end))
    ratios = (share(getattr(row, name)) for name in reporting.RATIOS)
    mean = row.mean_time_to_repair
    repair = "–" if mean is None else f"{Decimal(str(mean)) / 60:,.1f}"
    return (*edges, *(name or "–" for name in row.dims.values()), *ratios, repair,
            str(row.repairs.stops))  # fmt: skip
