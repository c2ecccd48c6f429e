"""A file that was sent, kept for a day until it is submitted or read by long work."""

import secrets

from asyncpg import Connection

from copq.database.queries import Queries
from copq.rates.file import RateFileError

_SQL = Queries.of(__file__)


async def keep_upload(conn: Connection, who: str, name: str, data: bytes) -> str:
    """Keep a file for a day, so that it may be read after it was checked. Returns its key."""
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
