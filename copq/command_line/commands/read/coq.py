"""`copq coq`: the cost-of-quality report."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from asyncpg import Connection

from copq.command_line.commands.read.answering import print_csv, read_answer
from copq.command_line.commands.read.figures import JSON_ROWS, money_or_dash, show_notes, show_rest
from copq.command_line.commands.read.report import (
    AsOfOption,
    CurrencyOption,
    ReportedOption,
    basis_text,
)
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
from copq.command_line.terminal import cannot, fail, fixed, out, print_json, table
from copq.figures.basis import As
from copq.figures.coq_answer import (
    COQ_BASIS,
    CUTS,
    CoqAnswer,
    CoqRequest,
    CoqRow,
    answer_coq,
)
from copq.figures.coq_bases import RESTATED_BASE
from copq.figures.hints import say_empty
from copq.rates.book import RateBook
from copq.reporting.coq_workbook import coq_sheets
from copq.schemas.bases import PRODUCTION_BASE
from copq.text.workbook import workbook

_SHOWN = 350
"""Fifty reports of seven figures."""


def coq(
    plant: PlantOption = None,
    line: LineOption = None,
    product: ProductOption = None,
    group: GroupOption = None,
    grouping: GroupingOption = None,
    by: Annotated[
        str, typer.Option(help=f"A report for each, with commas: {', '.join(CUTS)}.")
    ] = "plant",
    start: Annotated[str, typer.Option("--from", help="First month: 2026-03.")] = "",
    end: EndOption = "",
    base: Annotated[
        str,
        typer.Option(
            help="What percentages are of, with commas: cost of production, CoQ, or an imported "
            "base such as revenue."
        ),
    ] = PRODUCTION_BASE,
    baseline: Annotated[
        str, typer.Option(help="Month for the return on quality; else the month before.")
    ] = "",
    reported: ReportedOption = As.RESTATED,
    as_of: AsOfOption = "",
    currency: CurrencyOption = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"Figures to show; else {_SHOWN}, in JSON {JSON_ROWS:,}."),
    ] = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all figures as CSV.")] = False,
    excel: Annotated[
        Path | None, typer.Option(help="Write all figures to an Excel file, with formulas.")
    ] = None,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show the cost of quality by month: prevention, appraisal, failure, COPQ and CoQ.

    Each in money, as a percentage of a base, for each unit, against budget and the month before.
    Without --from: the last 12 months.

    Example: copq coq --plant north --from 2026-01 --base "cost of production,revenue"
    """
    request = CoqRequest(
        plant=plant, line=line, product=product, group=group, grouping=grouping, by=by,
        start=start, end=end, base=base, baseline=baseline, reported=reported,
        as_of=as_of, currency=currency,
    )  # fmt: skip
    most = limit if as_csv or excel else limit or (JSON_ROWS if as_json else _SHOWN)

    async def ask(conn: Connection, book: RateBook, now: datetime) -> tuple[CoqAnswer, str]:
        found = await answer_coq(conn, book, request, now, most)
        return found, "" if found.rows else await say_empty(conn, book, found.query.shown)

    found, empty = read_answer(ask, database_url, data)
    if excel:
        _write(excel, found)
    elif as_json:
        print_json(found.as_json())
    elif as_csv:
        print_csv(found.columns, found.table())
    else:
        _show(found, empty)


def _write(excel: Path, found: CoqAnswer) -> None:
    """Also with --json or --csv, which then print nothing."""
    try:
        excel.write_bytes(workbook(coq_sheets(found)))
    except OSError as error:
        cannot("write", excel, error)
    except ValueError as error:
        fail(str(error))
    out.print(f"Written to {excel}.")


def _show(found: CoqAnswer, empty: str) -> None:
    shown = found.query.shown
    until = f" up to {shown.end:%Y-%m-%d} (exclusive)" if shown.end else ""
    basis = basis_text(shown.basis, found.at, found.query.zone)
    title = f"Cost of quality by month, from {shown.start:%Y-%m-%d}{until}; {basis}"
    rows = found.rows
    if rows:
        _show_rows(title, rows, found.query.by)
        show_rest(len(rows), found.rows_total)
        if found.rows_total > len(found.totals):
            _show_rows("All of it", found.totals, ())
        _show_remarks(found)
    else:
        out.print(f"{title}\n{empty}", markup=False, soft_wrap=True)
    show_notes(found.waiting, found.query.zone, found.lacks, shown.basis.is_live, COQ_BASIS)


def _show_rows(title: str, rows: Sequence[CoqRow], by: Sequence[str]) -> None:
    """A line for each figure, with a column for each base."""
    groups: dict[tuple[object, str], list[CoqRow]] = {}
    for row in rows:
        groups.setdefault((row.cut, row.figure), []).append(row)
    bases = list(dict.fromkeys(row.percentage.base for row in rows))
    columns = [one for one in _COLUMNS if any(one[1](row) != "–" for row in rows)]
    cells = [
        [*_words(of[0], by), *_percentages(of, bases), *(text(of[0]) for _, text in columns)]
        for of in groups.values()
    ]
    timed = ["month"] if rows[0].cut.period else []
    words = [*timed, *by, "cost", "currency"]
    heads = ["amount", *(f"% of {base}" for base in bases), *(name for name, _ in columns)]
    table(title, [*words, *heads], cells, left=len(words))


def _words(row: CoqRow, by: Sequence[str]) -> list[str]:
    month = [f"{row.cut.period:%Y-%m}"] if row.cut.period else []
    cut = [value or "–" for value in row.cut.values] if by else []
    name = row.figure.replace("_", " ")
    return [*month, *cut, _NAMES.get(name, name), row.cut.currency,
            money_or_dash(row.amount, row.cut.currency)]  # fmt: skip


_NAMES = {"copq": "COPQ", "coq": "CoQ"}


def _percentages(rows: Sequence[CoqRow], bases: Sequence[str]) -> list[str]:
    known = {row.percentage.base: row.percentage.value for row in rows}
    return [_percent(known.get(base)) for base in bases]


def _percent(value: Decimal | None) -> str:
    return "–" if value is None else f"{fixed(value, 2)} %"


def _money(name: str) -> Callable[[CoqRow], str]:
    return lambda row: money_or_dash(getattr(row, name), row.cut.currency)


def _budget(name: str) -> Callable[[CoqRow], str]:
    def text(row: CoqRow) -> str:
        amount = getattr(row.variance, name) if row.variance else None
        return money_or_dash(amount, row.cut.currency)

    return text


_COLUMNS: tuple[tuple[str, Callable[[CoqRow], str]], ...] = (
    ("a unit", _money("per_unit")),
    ("budget", _budget("budget")),
    ("over budget", _budget("variance")),
    ("month before", _money("previous")),
    ("change", lambda row: money_or_dash(row.change.amount, row.cut.currency)),
    ("year ago", _money("year_ago")),
    ("over a year", lambda row: money_or_dash(row.year_change.amount, row.cut.currency)),
)


def _show_remarks(found: CoqAnswer) -> None:
    """Why percentages are missing, what was restated, and the return on quality."""
    rows = [*found.rows, *found.totals]
    for reason in dict.fromkeys(
        f"No % of {row.percentage.base}: {row.percentage.reason}." for row in rows
        if row.percentage.reason
    ):  # fmt: skip
        out.print(reason, soft_wrap=True)
    for flag in dict.fromkeys(flag for row in found.rows for flag in row.flags):
        see = ". See: copq bases list --history" if flag.endswith(RESTATED_BASE) else ""
        out.print(f"! {flag}{see}", soft_wrap=True)
    returns = {row.cut: row for row in found.rows if row.return_on_quality is not None}
    for cut, row in returns.items():
        assert row.return_on_quality is not None
        of = " ".join([f"{cut.period:%Y-%m}", *(value or "–" for value in cut.values)])
        out.print(
            f"Return on quality of {of}: {_percent(row.return_on_quality * 100)} "
            f"(COPQ against {row.baseline:%Y-%m}, over prevention and appraisal).",
            soft_wrap=True,
        )
