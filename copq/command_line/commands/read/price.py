"""`copq price`: the cost of a file of events, without a database."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from copq.command_line.commands.read.figures import show_rows
from copq.command_line.exits import Exit
from copq.command_line.options import JsonOption
from copq.command_line.terminal import cannot, exact, fail, money, out, print_json, refuse, table
from copq.figures.answers import BASIS, row_json
from copq.figures.offline import Offline, OfflineEntry, price_offline, read_events
from copq.ledger.arithmetic import hours_of
from copq.ledger.figures import ReportRow, Scope, fold
from copq.rates.book import RateBook
from copq.rates.file import RateFileError, read_rate_file
from copq.rates.store import book_of

BY_PRODUCT = Scope(by=("product",))


def price_command(
    rates: Annotated[Path, typer.Option(help="A rate file (YAML).")],
    events: Annotated[Path, typer.Option(help="Events: JSON, one a line, or a JSON array.")],
    as_json: JsonOption = False,
) -> None:
    """Price a file of events at the rates of a file, without a database. Nothing is stored.

    Ends with 1 if an event was refused.

    Example: copq price --rates examples/tyre_valves/rates.yaml
    --events examples/tyre_valves/events.ndjson
    """
    book = _book(rates)
    result = price_offline(_events(events), book, datetime.now(UTC))
    totals = totals_by_product(result)
    if as_json:
        print_json(_result_json(result, totals))
    else:
        _show(result, totals)
    if result.refused:
        raise typer.Exit(Exit.NO)


def totals_by_product(result: Offline) -> list[ReportRow]:
    """A row for each product and currency; the base is its cost of production."""
    return fold((entry.cell() for entry in result.entries), BY_PRODUCT)


def _book(path: Path) -> RateBook:
    try:
        return book_of(read_rate_file(path))
    except RateFileError as error:
        refuse(f"{path} is refused", error.faults)
    except (OSError, UnicodeDecodeError) as error:
        cannot("read", path, error)


def _events(path: Path) -> list[bytes]:
    try:
        return read_events(path)
    except OSError as error:
        cannot("read", path, error)
    except msgspec.DecodeError as error:
        fail(f"{path} is not a JSON array: {error}")


def _result_json(result: Offline, totals: list[ReportRow]) -> dict[str, Any]:
    return {
        "entries": [_entry_json(entry) for entry in result.entries],
        "products": [row_json(row) for row in totals],
        "refused": [
            {"number": r.number, "code": r.refusal.code, "field": r.refusal.field,
             "message": r.refusal.message}
            for r in result.refused
        ],
        "unpriced": [{"event_id": u.event_id, "reason": u.reason} for u in result.unpriced],
        "open_stops": result.open_stops,
        "corrections": [asdict(correction) for correction in result.corrections],
        "events": result.events,
        "duplicates": result.duplicates,
        "basis": BASIS,
    }  # fmt: skip


def _entry_json(found: OfflineEntry) -> dict[str, Any]:
    e = found.entry
    return {
        "event_id": found.event_id, "plant": found.plant, "line": found.line,
        "product": found.product, "occurred_at": found.occurred_at, "element": e.element,
        "category": e.category, "quantity": e.quantity, "gross": e.gross,
        "recovered": e.recovered, "allowed": e.allowed, "net": e.net,
        "hours": hours_of(e.seconds), "seconds": e.seconds, "base": e.base,
        "good": e.good, "ungraded": e.ungraded, "currency": e.currency,
        "rate_version": e.rate_version,
        "hour": e.hour, "day": e.day,
    }  # fmt: skip


def _show(result: Offline, totals: list[ReportRow]) -> None:
    if not result.events:
        out.print("The file holds no event. Try: --events examples/tyre_valves/events.ndjson")
        return
    words = ["event", "element", "category"]
    numbers = ["gross", "recovered", "allowed", "net", "currency", "lost h", "rates"]
    table("Entries", words + numbers, map(_entry_row, result.entries), left=len(words))
    show_rows("Totals by product, all of the file", totals, BY_PRODUCT.by)
    _show_left_out(result)
    out.print(BASIS, style="dim")


def _entry_row(found: OfflineEntry) -> tuple[str, ...]:
    e = found.entry
    return (
        found.event_id or f"(once, {e.day})", e.element, _short(e.category),
        *(money(m, e.currency) for m in (e.gross, e.recovered, e.allowed, e.net)), e.currency,
        exact(hours_of(e.seconds)), str(e.rate_version),
    )  # fmt: skip


def _short(category: str) -> str:
    return category.removesuffix("_failure")


def _show_left_out(result: Offline) -> None:
    """What is not in the totals, each with its reason."""
    lines = [f"Refused, event {r.number}: {r.refusal.message}" for r in result.refused]
    lines += [f"Unpriced, {u.event_id}: {u.reason}" for u in result.unpriced]
    lines += [f"Open stop, not counted: {event_id}" for event_id in result.open_stops]
    lines += [
        f"Correction {c.event_id} of {c.corrects}: {c.state.describe(c.why)}"
        for c in result.corrections
    ]
    if result.duplicates:
        lines.append(f"Duplicates, counted once: {result.duplicates}")
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)
