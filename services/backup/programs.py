"""pg_dump and pg_restore, as they come with the embedded Postgres."""

import os
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from services.standalone.postgres_account import EmbeddedPostgresError
from services.standalone.postgres_cluster import programs_folder


class BackupError(Exception):
    """Nothing came of it; the message says why."""


def dump(dsn: str, file: Path) -> None:
    """All of a database, as of one instant, into a file that is there whole or not at all.

    Whoever writes to the database goes on meanwhile. Raises `BackupError`, and OSError on the file.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        part.touch(0o600)  # it holds every event
        # A partition that is made meanwhile waits for it, not it for the partition.
        _run("pg_dump", dsn, "--format=custom", f"--file={part}")
        _flush(part)
        part.rename(file)
        _flush(file.parent)
    finally:
        part.unlink(missing_ok=True)


def restore(dsn: str, file: Path) -> None:
    """A file of `dump` into an empty database: all of it, or nothing. Raises `BackupError`."""
    _run("pg_restore", dsn, "--no-owner", "--single-transaction", str(file))


def _run(program: str, dsn: str, *words: str) -> None:
    address, password = _split(dsn)
    try:
        done = subprocess.run(
            [programs_folder() / program, f"--dbname={address}", *words],
            env={**os.environ, **({"PGPASSWORD": password} if password else {})},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except (OSError, EmbeddedPostgresError) as error:
        raise BackupError(f"{program} cannot be run: {error}") from error
    if done.returncode != 0:
        raise BackupError(done.stderr.strip() or f"{program} ended with {done.returncode}")


def _split(dsn: str) -> tuple[str, str | None]:
    """The address without its password, which everybody on the machine could read."""
    parts = urlsplit(dsn)
    who, at, where = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    return urlunsplit(parts._replace(netloc=f"{user}{at}{where}")), unquote(password) or None


def _flush(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
