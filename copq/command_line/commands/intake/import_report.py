"""What `copq import` says: a bar while it runs, a report when it ends."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from copq.command_line.terminal import count_of, err, out, print_json, table
from copq.ingest.files.importing import ImportReport, Step
from copq.ingest.files.report import report_json

SHOWN = 10
"""Refusals that fit a screen; --json has more."""


class _RowRate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} rows/s", style="dim")


@contextmanager
def progress(file: Path, rows: int) -> Iterator[Callable[[Step], None]]:
    """Show a bar on stderr; without a terminal, only say when and why the import waits."""
    if not sys.stderr.isatty():
        yield _say_if_waiting
        return
    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
        _RowRate(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(file.name, total=rows)

        def show(step: Step) -> None:
            what = "stops" if step.rows >= rows else file.name
            bar.update(task, completed=step.rows, description=what)
            _say_if_waiting(step)

        yield show


def _say_if_waiting(step: Step) -> None:
    if step.waiting:
        err.print(f"copq: {step.waiting}", soft_wrap=True, markup=False)


def show_interrupted(file: Path, step: Step | None) -> None:
    where = (
        f"after {count_of(step.events, 'event')} (row {step.rows:,})"
        if step
        else "before its first event"
    )
    err.print(
        f"copq: the import of {file} was interrupted {where}. "
        "Run the same command again: it goes on from there.",
        soft_wrap=True,
        markup=False,
    )


def show_report(report: ImportReport, as_json: bool) -> None:
    if as_json:
        print_json(report_json(report))
        return
    tally = report.tally
    if report.resumed_at:
        known = count_of(report.resumed_at, "event")
        out.print(f"Resumed after {known} imported before.")
    events = ", ".join(f"{number:,} {kind}" for kind, number in sorted(tally.sent.items()))
    out.print(f"{count_of(report.rows, 'row')}: {events or 'no events'}.")
    out.print(
        f"{tally.accepted:,} accepted, {tally.duplicates:,} there before, "
        f"{tally.refused:,} refused."
    )
    _show_rows(report)
    if report.ambiguous:
        rows = count_of(report.ambiguous, "row has", "rows have")
        out.print(
            f"{rows} a time that came twice, as clocks went back, and nothing in the file tells "
            "which is meant; the first was taken. A column with an offset would tell them apart."
        )
    _show_unpriced(report)
    _show_refusals(report)


def _show_rows(report: ImportReport) -> None:
    """Account for every row of the file: the counts sum to its rows."""
    skipped = sum(report.skipped.values())
    out.print(
        f"Of {count_of(report.rows, 'row')}: {report.used:,} used, {skipped:,} skipped by rule, "
        f"{report.tally.rows_refused:,} refused."
    )
    for rule, number in report.skipped.items():
        out.print(f"  {number:,} skipped: {rule}", markup=False)


def _show_unpriced(report: ImportReport) -> None:
    waiting = report.tally.unpriced
    if waiting:
        have = count_of(sum(waiting.values()), "event has", "events have")
        out.print(f"{have} no price yet, and get it with the rates:")
        for why, number in sorted(waiting.items(), key=lambda item: -item[1]):
            out.print(f"  {number:,} × {why}", markup=False)


def _show_refusals(report: ImportReport) -> None:
    tally = report.tally
    if not tally.refused:
        return
    rows = [(f"{r.row:,}", r.field, r.message) for r in tally.refusals[:SHOWN]]
    table("Refused", ["row", "field", "why"], rows, left=3)
    if tally.refused > len(rows):
        out.print(f"and {tally.refused - len(rows):,} more.")
