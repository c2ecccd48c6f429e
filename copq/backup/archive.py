"""An archive of `copq backup`, or of pg_dump in its custom form, read as data alone.

`pg_restore` only prints what the archive holds; nothing that it prints is executed. Rows go into
tables of our own by a `COPY` of our own.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from copq.backup.contents import Item, ListError, items_of
from copq.backup.programs import BackupError, archive_reader

_CHUNK = 1 << 20
_COPY = re.compile(rb"COPY (\w+)\.(\w+) \(([\w, \"]*)\) FROM stdin;")
_SETVAL = re.compile(r"SELECT pg_catalog\.setval\('copq\.(\w+)', (\d+), (true|false)\);")
_END = b"\n\\.\n"


class Data(NamedTuple):
    """The rows of a table as text: table, columns, and the rows in pieces."""

    schema: str
    table: str
    columns: list[str]
    rows: AsyncIterator[bytes]


class Archive:
    """An open archive: the same file from first to last byte, even if it is renamed meanwhile."""

    def __init__(self, file: Path) -> None:
        self._opened = os.open(file, os.O_RDONLY)
        self._reader = archive_reader()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        os.close(self._opened)

    @property
    def sha256(self) -> str:
        """The SHA-256 of all its bytes."""
        with os.fdopen(os.dup(self._opened), "rb") as file:
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest()

    async def items(self) -> list[Item]:
        """Its table of contents. Raises `BackupError`."""
        printed = b"".join([piece async for piece in self._read_output("--list")])
        try:
            return items_of(printed.decode())
        except (ListError, UnicodeDecodeError) as error:
            raise BackupError(f"the file cannot be restored: {error}") from error

    async def data(self, item: Item) -> Data:
        """The rows of a table. Raises `BackupError`, also while rows are read."""
        printed = self._item_sql(item)
        buffer = b""
        async for piece in printed:
            buffer += piece
            for begin in re.finditer(rb"^COPY .*\n", buffer, re.MULTILINE):
                found = _COPY.fullmatch(begin[0].rstrip())
                if found is None:
                    raise BackupError(f"{item}: its rows are not in the form of pg_dump's COPY")
                schema, table, columns = (part.decode() for part in found.groups())
                rows = _rows(item, buffer[begin.end() :], printed)
                return Data(schema, table, columns.replace('"', "").split(", "), rows)
        raise BackupError(f"{item}: it holds no rows as COPY has them (made with --inserts?)")

    async def sequence(self, item: Item) -> tuple[str, int, bool]:
        """A sequence, its value, and whether the value was used. Raises `BackupError`."""
        printed = b"".join([piece async for piece in self._item_sql(item)])
        found = [m for line in printed.decode().splitlines() if (m := _SETVAL.fullmatch(line))]
        if len(found) != 1:
            raise BackupError(f"{item}: it does not say one value in the form of pg_dump's setval")
        return found[0][1], int(found[0][2]), found[0][3] == "true"

    def _item_sql(self, item: Item) -> AsyncIterator[bytes]:
        """The SQL that `pg_restore` would execute for an item, selected by its number."""
        return self._read_output("--use-list=/dev/stdin", "--file=-", listed=f"{item.number};\n")

    async def _read_output(self, *words: str, listed: str = "") -> AsyncIterator[bytes]:
        process = await asyncio.create_subprocess_exec(
            self._reader, *words, f"/dev/fd/{self._opened}", pass_fds=(self._opened,),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin and process.stdout and process.stderr
        try:
            process.stdin.write(listed.encode())
            process.stdin.close()
            while piece := await process.stdout.read(_CHUNK):
                yield piece
            said = (await process.stderr.read()).decode(errors="replace").strip()
            if await process.wait() != 0:
                raise BackupError(f"the file cannot be read: {said}")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _rows(item: Item, first: bytes, more: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The rows up to the line that ends them. The rest of the output is read and dropped."""
    buffer, skip = b"\n" + first, 1  # so that the end is found where there are no rows, too
    while (end := buffer.find(_END)) < 0:
        cut = len(buffer) - len(_END) + 1  # behind it the end may begin
        if cut > skip:
            yield buffer[skip:cut]
            buffer, skip = buffer[cut:], 0
        piece = await anext(more, b"")
        if not piece:
            raise BackupError(f"{item}: its rows have no end, the file was cut off")
        buffer += piece
    yield buffer[skip : end + 1]
    async for _ in more:
        pass
