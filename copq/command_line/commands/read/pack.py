"""`copq pack`: the pack for a management review, as PDF and Excel workbook."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from asyncpg import Connection

from copq.command_line.commands.read.answering import read_answer
from copq.command_line.database import DATA, DatabaseOption, DataOption
from copq.command_line.options import JsonOption
from copq.command_line.terminal import cannot, fail, out, print_json
from copq.figures.pack import PackAnswer, PackRequest, answer_pack
from copq.pack.files import KINDS, name_of, pack_file
from copq.pack.folder import put_file
from copq.rates.book import RateBook

FontsOption = Annotated[
    Path | None,
    typer.Option(
        envvar="COPQ_PACK_FONTS", show_default=False,
        help="Folder with fonts for scripts that ours lack, such as Chinese.",
    ),
]  # fmt: skip


def pack(
    plant: Annotated[
        str | None, typer.Option(help="The plant; needed if there are several.")
    ] = None,
    month: Annotated[
        str, typer.Option(help="The month, such as 2026-06; without it, the last one that is over.")
    ] = "",
    to: Annotated[
        Path,
        typer.Option(
            help="A folder for the PDF and the workbook, or a file that ends with .pdf or .xlsx."
        ),
    ] = Path(),
    as_json: JsonOption = False,
    fonts: FontsOption = None,
    database_url: DatabaseOption = None,
    data: DataOption = DATA,
) -> None:
    """Make the pack for a management review: a plant's month, as PDF and Excel workbook.

    It holds the inputs of IATF 16949, 9.3.2.1, that copq knows. The same ledger makes the same
    bytes. A month that is not signed is marked as provisional on each page.

    Example: copq pack --plant north --month 2026-06 --to packs
    """

    async def ask(conn: Connection, book: RateBook, now: datetime) -> PackAnswer:
        return await answer_pack(conn, book, PackRequest(plant=plant, month=month), now)

    found = read_answer(ask, database_url, data)
    if as_json:
        print_json(found.as_json())
        return
    try:
        files = _files(found, to, fonts)
    except ValueError as error:
        fail(str(error))
    for path, content in files.items():
        try:
            put_file(path, content)
        except OSError as error:
            cannot("write", path, error)
        out.print(f"Written to {path}.", soft_wrap=True, markup=False)
    out.print(found.status, soft_wrap=True, markup=False)


def _files(found: PackAnswer, to: Path, fonts: Path | None) -> dict[Path, bytes]:
    kind = to.suffix.lower().removeprefix(".")
    if kind in KINDS and not to.is_dir():
        return {to: pack_file(found, kind, fonts)}
    return {to / name_of(found, one): pack_file(found, one, fonts) for one in KINDS}
