"""`copq currencies`: the reporting currency, and exchange rates."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from asyncpg import Connection
from pydantic import TypeAdapter, ValidationError

from copq.access.door import Role
from copq.command_line.acting import ByOption, actor
from copq.command_line.database import DATA, DatabaseOption, DataOption, query_database
from copq.command_line.exits import Exit
from copq.command_line.options import JsonOption
from copq.command_line.terminal import cannot, exact, fail, out, print_json, refuse, table
from copq.currencies.file import ExchangeFileError, read_exchange_file
from copq.currencies.store import (
    RATE_DAYS,
    CurrencyFixed,
    CurrencySummary,
    Imported,
    NoReportingCurrency,
    RateVersion,
    ReportingCurrency,
    history,
    import_exchange,
    reporting_currency,
    set_reporting,
    summaries,
)
from copq.database.connections import DatabaseRole
from copq.figures.edges import day_of
from copq.schemas.fields import Currency

app = typer.Typer(help="The reporting currency and daily exchange rates.")

_CURRENCY: TypeAdapter[str] = TypeAdapter(Currency)


@app.command("set")
def set_(
    currency: Annotated[str, typer.Argument(help="Three capital letters, such as EUR.")],
    rate_days: Annotated[
        int,
        typer.Option(
            min=0, max=366, help="How many days a rate is valid when there is no newer one."
        ),
    ] = RATE_DAYS,
    why: Annotated[str, typer.Option(help="For the audit trail.")] = "",
    by: ByOption = "",
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Set the reporting currency: once, and before the first events where that is possible.

    It cannot change once there are exchange rates or entries in it.
    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq currencies set EUR
    """
    named = _currency_code(currency)

    async def run(conn: Connection) -> None:
        who = await actor(conn, Role.FINANCE, by)
        await set_reporting(conn, named, rate_days, who, why or f"figures are added in {named}")

    try:
        query_database(run, database_url, data, DatabaseRole.FINANCE)
    except CurrencyFixed as error:
        fail(str(error), Exit.NO)
    out.print(f"Figures are added in {named}; a rate counts for up to {rate_days} days.")


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="CSV: date,currency,rate, or the ECB's eurofxref-hist.csv.")
    ],
    why: Annotated[
        str, typer.Option(help="Why a stored rate changes; without it the change is refused.")
    ] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Import a file of daily exchange rates, as a whole or not at all.

    A rate applies to entries booked from now on. Entries without a rate are booked again.

    For finance: once a finance token exists, COPQ_TOKEN must hold one.

    Example: copq currencies import eurofxref-hist.csv
    """

    async def run(conn: Connection) -> Imported:
        who = await actor(conn, Role.FINANCE, by)
        found = await reporting_currency(conn)
        if found is None:
            raise NoReportingCurrency
        today = datetime.now(UTC).date() + timedelta(days=1)
        rates = read_exchange_file(file, found.currency, today)
        return await import_exchange(conn, rates, file.name, who, why)

    try:
        imported = query_database(run, database_url, data, DatabaseRole.FINANCE)
    except (OSError, UnicodeDecodeError) as error:
        cannot("read", file, error)
    except NoReportingCurrency as error:
        fail(str(error))
    except ExchangeFileError as error:
        refuse(f"{file} is refused; nothing was imported", error.faults)
    if as_json:
        print_json(asdict(imported))
        return
    said = f"{imported.added:,} rates added, {imported.corrected:,} corrected"
    version = f" (version {imported.version})" if imported.version else ""
    out.print(f"{said}, {imported.unchanged:,} unchanged{version}.")


@app.command("list")
def list_(
    as_json: JsonOption = False, database_url: DatabaseOption = None, data: DataOption = DATA
) -> None:
    """Show the reporting currency, and the known and missing rates of each other currency.

    Example: copq currencies list
    """

    async def run(conn: Connection) -> tuple[ReportingCurrency | None, list[CurrencySummary]]:
        return await reporting_currency(conn), await summaries(conn)

    found, currencies = query_database(run, database_url, data, DatabaseRole.FINANCE)
    if as_json:
        said = asdict(found) if found else None
        print_json({"reporting": said, "currencies": [asdict(c) for c in currencies]})
        return
    out.print(_describe_reporting(found))
    if currencies:
        columns = ["currency", "days", "first", "last", "newest rate", "entries without a rate"]
        table("Currencies", columns, map(_summary_words, currencies))


def _describe_reporting(found: ReportingCurrency | None) -> str:
    if found is None:
        return str(NoReportingCurrency())
    return (
        f"Figures are added in {found.currency} (set by {found.set_by}, {found.set_at:%Y-%m-%d}); "
        f"a rate counts for up to {found.rate_days} days."
    )


def _summary_words(of: CurrencySummary) -> list[str]:
    rate = "–" if of.newest_rate is None else exact(of.newest_rate)
    days = [str(day or "–") for day in (of.first_day, of.last_day)]
    return [of.currency, f"{of.rates:,}", *days, rate, f"{of.unconverted:,}"]


@app.command("show")
def show(
    currency: Annotated[str, typer.Argument(help="Such as SEK.")],
    start: Annotated[str, typer.Option("--from", help="The first day; else 30 days ago.")] = "",
    end: Annotated[str, typer.Option("--to", help="The day after the last day.")] = "",
    as_json: JsonOption = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Show the rates of one currency, each with its versions: the newest of a day counts.

    Example: copq currencies show SEK --from 2026-03-01 --to 2026-04-01
    """
    named = _currency_code(currency)
    first, last = _day(start, -30), _day(end, 2)

    async def run(
        conn: Connection,
    ) -> tuple[ReportingCurrency | None, list[RateVersion], CurrencySummary | None]:
        reporting, kept = await reporting_currency(conn), await history(conn, named, first, last)
        known = {of.currency: of for of in await summaries(conn)}
        if not kept:
            _require_known(named, reporting, list(known))
        return reporting, kept, known.get(named)

    found, rates, known = query_database(run, database_url, data, DatabaseRole.FINANCE)
    if as_json:
        print_json({"currency": named, "rates": [asdict(rate) for rate in rates]})
        return
    if not rates:
        out.print(
            f"No rate of {named} from {first} up to {last} (exclusive). Which days have one: "
            "copq currencies list"
        )
        return
    worth = f"What one {named} is worth in {found.currency if found else '–'}"
    columns = ["day", "imported by", "file", "why", "version", "rate"]
    table(worth, columns, map(_rate_words, rates), left=4)
    if hidden := _hint_other_days(known, first, last):
        out.print(hidden)


def _hint_other_days(known: CurrencySummary | None, first: date, last: date) -> str:
    """A hint that other days have rates, and how to see them; empty if none have."""
    if known is None or known.first_day is None or known.last_day is None:
        return ""
    older, newer = known.first_day < first, known.last_day >= last
    if not (older or newer):
        return ""
    start, end = min(known.first_day, first), max(known.last_day + timedelta(days=1), last)
    return (
        f"Shown are the days from {first} up to {last} (exclusive). There are rates from "
        f"{known.first_day} to {known.last_day}: --from {start} --to {end}"
    )


def _require_known(currency: str, reporting: ReportingCurrency | None, known: list[str]) -> None:
    """End the command if the currency has no rates and no entries."""
    if reporting is not None and currency == reporting.currency:
        fail(f"{currency} is the reporting currency: figures are added in it, it has no rate")
    if currency not in known:
        said = f"those that have: {', '.join(known)}" if known else "there is none of any other"
        fail(
            f"there is no exchange rate of {currency}; {said}. Add one with: "
            "copq currencies import FILE"
        )


def _rate_words(rate: RateVersion) -> list[str]:
    return [
        str(rate.day), rate.imported_by, rate.source, rate.why or "–", str(rate.version),
        exact(rate.rate),
    ]  # fmt: skip


def _day(text: str, away: int) -> date:
    try:
        return day_of(text) or datetime.now(UTC).date() + timedelta(days=away)
    except ValueError as error:
        fail(str(error))


def _currency_code(currency: str) -> str:
    try:
        return _CURRENCY.validate_python(currency)
    except ValidationError:
        if "/" in currency:
            fail(
                f'"{currency}" is a pair: name one currency, such as SEK; its rates say what one '
                "of it is worth in the reporting currency"
            )
        fail(f'"{currency}" is not a currency: three capital letters, such as EUR')
