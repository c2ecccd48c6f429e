"""A file that a person picks in a form: read with limits, and kept until it is submitted."""

import secrets
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from asyncpg import Connection
from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from copq.database.queries import Queries
from copq.rates.file import RateFileError
from copq.rates.formats import MAX_BYTES
from copq.web.body import read_body

_SQL = Queries.of(__file__)
_REST = 64 * 1024
"""What a form has in addition to its file."""
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Upload:
    """The file of a form, and its other fields."""

    name: str
    data: bytes
    filled: dict[str, str]


async def read_upload(request: Request) -> Upload:
    """Raises `HTTPException` 413 if it is too large, 422 without a file."""
    body = await read_body(request, MAX_BYTES + _REST)

    async def parts() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(
            request.headers, parts(), max_files=1, max_fields=20, max_part_size=_REST
        ).parse()
    except (MultiPartException, KeyError) as error:
        raise HTTPException(422, f"this is not a form with a file: {error}") from None
    filled = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    files = [value for value in form.values() if isinstance(value, UploadFile)]
    if not files or not files[0].filename:
        raise HTTPException(422, "choose a file first")
    return Upload(files[0].filename[-_LONGEST_NAME:], await files[0].read(), filled)


async def keep_upload(conn: Connection, who: str, name: str, data: bytes) -> str:
    """Keep a file for a day, so that it may be submitted after it was checked. Returns its key."""
    key = secrets.token_urlsafe(16)
    await conn.execute(*_SQL.forget_uploads(who=who))
    await conn.execute(*_SQL.keep_upload(key=key, who=who, name=name, data=data))
    return key


async def kept_upload(conn: Connection, who: str, key: str) -> tuple[str, bytes]:
    """The name and bytes of a kept file. Raises `RateFileError` once it is gone."""
    row = await conn.fetchrow(*_SQL.kept_upload(key=key, who=who))
    if row is None:
        raise RateFileError(["is no longer kept: choose the file again"])
    return row["name"], row["data"]
