"""`copq rates`: import rate files, show the book."""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from copq.database import DATA, DatabaseOption, DataOption, connected, database
from copq.terminal import exact, fail, out, print_json, table
from services.postgres import DatabaseRole
from services.rates.book import RateBook
from services.rates.file import RateFileError, read_rate_file
from services.rates.store import Imported, import_rates, load

app = typer.Typer(help="The rate book: plants, cost tables, line and labour rates.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A rate file (YAML); see docs/rates.md.")],
    by: Annotated[str, typer.Option(help="Who imports it.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Import a rate file: all of it, or nothing. Running services use it within a second."""
    try:
        rates = read_rate_file(file)
    except (OSError, UnicodeDecodeError) as error:
        fail(f"cannot read {file}: {error}")
    except RateFileError as error:
        _refuse(file, error)

    async def run(dsn: str) -> Imported:
        async with connected(dsn, DatabaseRole.FINANCE) as conn:
            return await import_rates(conn, rates, file.name, by or getpass.getuser())

    with database(database_url, data) as dsn:
        try:
            imported = asyncio.run(run(dsn))
        except RateFileError as error:
            _refuse(file, error)
    _show_import(imported, as_json)


def _refuse(file: Path, error: RateFileError) -> NoReturn:
    faults = "\n".join(f"  - {fault}" for fault in error.faults)
    fail(f"{file} is refused; nothing was imported:\n{faults}")


def _show_import(imported: Imported, as_json: bool) -> None:
    if as_json:
        changes = [
            {"kind": c.kind, "key": c.key, "effective_from": c.effective_from, "what": c.what}
            for c in imported.changes
        ]
        print_json({"revision": imported.revision, "changes": changes})
        return
    counts: dict[str, int] = {}
    for change in imported.changes:
        counts[change.what] = counts.get(change.what, 0) + 1
    what = ", ".join(f"{number} {name}" for name, number in counts.items())
    out.print(f"Rate book revision {imported.revision}: {what}.")


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """List what the rate book holds, each with its effective date and version."""

    async def run(dsn: str) -> RateBook:
        async with connected(dsn) as conn:
            return await load(conn)

    with database(database_url, data) as dsn:
        book = asyncio.run(run(dsn))
    if as_json:
        print_json(_book_json(book))
    else:
        _show_book(book)


def _book_json(book: RateBook) -> dict[str, object]:
    items = [
        {"kind": kind, "version": v.version, **v.item.model_dump(mode="json")}
        for kind, _, v in book.named_items()
    ]
    plants = [site.plant.model_dump(mode="json") for site in book.sites.values()]
    return {"revision": book.revision, "plants": plants, "items": items}


def _show_book(book: RateBook) -> None:
    if not book.revision:
        out.print("The rate book is empty. Fill it with: copq rates import FILE")
        return
    out.print(f"Rate book revision {book.revision}")
    table(
        "Plants",
        ["plant", "time zone", "day starts", "currency", "lines"],
        [
            (p.plant, p.time_zone, f"{p.day_start:%H:%M}", p.currency, ", ".join(p.lines) or "any")
            for p in (site.plant for site in book.sites.values())
        ],
        left=5,
    )
    rows = [
        (kind, key, f"{v.item.effective_from:%Y-%m-%d %H:%M %z}", exact_of(v.item), str(v.version))
        for kind, key, v in sorted(book.named_items(), key=lambda i: (i[0], i[1]))
    ]
    table("In the book", ["kind", "of", "from", "money", "version"], rows, left=3)


def exact_of(item: object) -> str:
    """The figure that tells most of an item."""
    finished = getattr(item, "finished", None)
    if finished is not None:
        return f"{exact(finished.cost)} {getattr(item, 'currency', '')} a unit"
    return f"{exact(getattr(item, 'rate_per_minute'))} a minute"  # noqa: B009
