"""`copq projects export`: a project in one file, for a program of somebody else's to recompute."""

import gzip
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer
from asyncpg import Connection

from copq.command_line.commands.read.answering import read_answer
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.terminal import cannot, out
from copq.figures.books import Books
from copq.figures.project_export import export_lines
from copq.rates.book import RateBook


def export(
    plant: Annotated[str, typer.Argument(help="The plant.")],
    name: Annotated[str, typer.Argument(help="The project's name.")],
    to: Annotated[
        Path | None,
        typer.Option("--out", help="Write here; a name that ends with .gz is compressed."),
    ] = None,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Write all that is needed to recompute a project's savings: one JSON file.

    It holds what approval froze, the frozen rates, every ledger entry of the baseline and of the
    months, and every decision. Without --out it is printed. See docs/improvement.md.

    Example: copq projects export north caps --out caps.json.gz
    """

    async def ask(conn: Connection, book: RateBook, now: datetime) -> None:
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            lines = export_lines(conn, Books(), book, plant, name, now)
            first = await anext(lines)
            with _opened(to) as file:
                file.write(first)
                async for line in lines:
                    file.write(line)

    read_answer(ask, database_url, data)
    if to is not None:
        out.print(f"{to}: {to.stat().st_size:,} bytes.", soft_wrap=True)


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    """The file, written whole or not at all."""
    if path is None:
        yield sys.stdout
        return
    part = path.with_name(path.name + ".part")
    try:
        with _text(part, is_packed=path.suffix == ".gz") as text:
            yield text
        part.replace(path)
    except OSError as error:
        cannot("write", path, error)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _text(path: Path, *, is_packed: bool) -> Iterator[TextIO]:
    """A new text file; the same text makes the same bytes."""
    with path.open("wb") as file:
        raw = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if is_packed else file
        with io.TextIOWrapper(raw, encoding="utf-8", newline="") as text:
            yield text
