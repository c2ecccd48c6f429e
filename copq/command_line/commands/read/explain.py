"""`copq explain`: from an entry down to its bytes, rates and formula."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from asyncpg import Connection

from copq.command_line.commands.read.figures import when
from copq.command_line.database import DATA, DatabaseOption, DataOption, query_database
from copq.command_line.exits import Exit
from copq.command_line.options import JsonOption
from copq.command_line.terminal import fail, money, out, print_json
from copq.figures.answers import BASIS
from copq.figures.books import Books
from copq.figures.event_account import (
    Account,
    AccountedEntry,
    Correction,
    Origin,
    Revision,
    account,
    nothing_kept,
)
from copq.ledger.corrections import State
from copq.schemas.priced import STANDING_ELEMENTS


def explain(
    event: Annotated[str, typer.Argument(help="An event's id, or one entry of it: ID#NUMBER.")],
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show what is behind an entry: its event's bytes, rates, formula, and whether it recomputes.

    Also who sent the event and when, the reversal of the entry or the entry it reverses, and the
    correction that caused it. Ends with 1 where an entry does not recompute to the booked amount.

    Example: copq explain press-7-17#1
    """

    async def run(conn: Connection) -> tuple[Account | None, int | None]:
        whole = await account(conn, Books(), event)
        if whole is not None:
            return whole, None
        event_id, _, number = event.rpartition("#")
        if not event_id or not number.isdigit():
            return None, None
        return await account(conn, Books(), event_id), int(number)

    found, number = query_database(run, database_url, data)
    shown = [] if found is None else _select_entries(found, number)
    if found is None or (number is not None and not shown):
        fail(nothing_kept(event), Exit.NO)
    if as_json:
        print_json(_json(found, shown))
    else:
        _show(found, shown)
    if any(entry.why.agrees is False for entry in shown):
        raise typer.Exit(Exit.NO)


def _select_entries(found: Account, number: int | None) -> list[AccountedEntry]:
    return [e for e in found.entries if number in (None, e.entry.entry_no)]


def _json(found: Account, shown: list[AccountedEntry]) -> dict[str, Any]:
    origin = found.origin and {**asdict(found.origin), "sha256": found.origin.digest}
    return {
        "event_id": found.event_id,
        "event": origin,
        "entries": [_entry_json(entry) for entry in shown],
        "corrections": [asdict(correction) for correction in found.corrections],
    }


def _entry_json(found: AccountedEntry) -> dict[str, Any]:
    own = {**asdict(found.entry), "hours": found.entry.hours}
    for name in ("payload", "received_at", "event_type"):
        own.pop(name)
    return {
        **own, **asdict(found.why), "taken_back_by": found.taken_back_by,
        "in_another_month": found.in_another_month,
        "rates": [asdict(revision) for revision in found.rates],
    }  # fmt: skip


def _say(text: str, style: str = "") -> None:
    out.print(text, style=style, soft_wrap=True)


def _show(found: Account, shown: list[AccountedEntry]) -> None:
    if found.origin is not None:
        _show_origin(found.event_id, found.origin)
    elif any(e.entry.element in STANDING_ELEMENTS for e in found.entries):
        _say(f"{found.event_id}: a standing cost is behind it, no event", "bold")
    else:
        _say(f"{found.event_id}: no one event is behind it", "bold")
    for entry in shown:
        _show_entry(entry)
    for correction in found.corrections:
        _say(f"\n{_describe_correction(correction)}")
    if not shown:
        _say("\nIt has no entry in the ledger.")
    _say(f"\n{BASIS}", "dim")


def _show_origin(event_id: str, origin: Origin) -> None:
    of = f"{origin.event_type} of {origin.plant}/{origin.line}, {when(origin.occurred_at)}"
    _say(f"Event {event_id}: {of}", "bold")
    by = f"sent by {origin.sent_by}" if origin.sent_by else "sender not known"
    place = ""
    if origin.origin_partition is not None:
        place = f", offset {origin.origin_offset} of partition {origin.origin_partition}"
    _say(f"  {by}, kept {when(origin.received_at)}{place}")
    if origin.unpriced:
        _say(f"  without a price: {origin.unpriced}")
    if origin.payload is None:
        _say("  its bytes are not kept any more")
    else:
        _say(f"  SHA-256 of its bytes: {origin.digest}")
        _say(f"  {origin.payload}")


def _show_entry(found: AccountedEntry) -> None:
    entry, why = found.entry, found.why
    _say(f"\nEntry {entry.event_id}#{entry.entry_no}: {entry.element} ({entry.category})", "bold")
    _say(f"  {why.formula}")
    for term in why.terms:
        _say(f"    {term}")
    _say(f"  happened {when(entry.occurred_at)}, production day {entry.day}")
    name = "base" if entry.base else "net"
    figure = f"{name} {money(getattr(entry, name), entry.currency)}"
    _say(f"  booked: {figure} {entry.currency}; computed again: {_outcome(found)}")
    for revision in found.rates:
        for line in _rates(revision):
            _say(f"  {line}")
    late = ", another than that of its day" if found.in_another_month else ""
    _say(f"  booked {when(entry.booked_at)}, in the month {entry.period:%Y-%m}{late}")
    for said in _links(found):
        _say(f"  {said}")


def _rates(found: Revision) -> list[str]:
    by = f"{when(found.imported_at)} by {found.imported_by}"
    if found.document is None:
        return [f"rate book revision {found.revision}, imported {by} from {found.source}"]
    name = f"rate book revision {found.revision}: document {found.document} ({found.source})"
    if found.alone:
        return [name, f"  submitted and approved in one step {by}: {found.submitted_why}"]
    at = f"{when(found.submitted_at)} by {found.submitted_by}" if found.submitted_at else ""
    note = f": {found.decided_why}" if found.decided_why else ""
    return [name, f"  submitted {at}: {found.submitted_why}", f"  approved {by}{note}"]


def _outcome(found: AccountedEntry) -> str:
    if found.why.agrees:
        return "the same"
    return found.why.note or "the formula does not give the booked amount"


def _links(found: AccountedEntry) -> list[str]:
    entry = found.entry
    said = []
    if entry.reverses is not None:
        said.append(f"reverses entry #{entry.reverses}")
    if found.taken_back_by is not None:
        said.append(f"reversed by entry #{found.taken_back_by}")
    if entry.corrected_by is not None:
        said.append(f"belongs to correction {entry.corrected_by}")
    if entry.reason is not None:
        said.append(f"because: {entry.reason}")
    if entry.booked_by is not None:
        said.append(f"ordered by {entry.booked_by}")
    return said


def _describe_correction(found: Correction) -> str:
    by = f" by {found.replacement}" if found.replacement else ""
    who = found.booked_by or "nobody named"
    state = State(found.state).describe(found.why)
    return f"Correction {found.event_id} of {found.corrects}{by}: {found.reason} ({who}); {state}"
