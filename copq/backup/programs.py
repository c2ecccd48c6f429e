"""pg_dump and pg_restore: the embedded Postgres's, or the system's for addresses with TLS."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from copq.database.address import redact, without_secrets
from copq.embedded_postgres.account import EmbeddedPostgresError
from copq.embedded_postgres.cluster import programs_folder
from copq.process.system_errors import plainly

DERIVED = "copq.summary*"
"""Tables whose rows the service makes again from the ledger: they belong to one server."""


class BackupError(Exception):
    """The backup or restore failed; the message says why."""


def dump(dsn: str, file: Path) -> None:
    """Dump a whole database, as of one instant, into a file: all of it or nothing.

    Writers to the database are not stopped. Raises `BackupError`, and OSError on the file.
    """
    # Only its owner may read it: it holds every event. Nobody can have put a link in its place.
    opened, name = tempfile.mkstemp(".part", f"{file.name}.", file.parent)
    part = Path(name)
    try:
        # The creation of a partition waits for the dump, not the dump for it.
        _run(
            "pg_dump", dsn, "--format=custom", f"--file=/dev/fd/{opened}",
            f"--exclude-table-data={DERIVED}", passed=(opened,),
        )  # fmt: skip
        os.fsync(opened)
        part.rename(file)
        _flush(file.parent)
    finally:
        os.close(opened)
        part.unlink(missing_ok=True)


def archive_reader() -> Path:
    """The program that prints the content of a file of `dump`. Raises `BackupError`."""
    return _bundled("pg_restore")


def _run(program: str, dsn: str, *words: str, passed: tuple[int, ...] = ()) -> None:
    address, secrets = without_secrets(dsn)
    if secrets.key_passphrase:
        raise BackupError(
            f"the address holds sslpassword, which {program} could only be given where everybody "
            "on this machine can read it: use a key without a passphrase"
        )
    hidden = {"PGPASSWORD": secrets.password} if secrets.password else {}
    _output(_program(program, dsn), f"--dbname={address}", *words, passed=passed, **hidden)


def _output(program: Path, *words: str, passed: tuple[int, ...] = (), **environment: str) -> str:
    try:
        done = subprocess.run(
            [program, *words], env={**os.environ, **environment}, pass_fds=passed,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError as error:
        raise BackupError(f"{program} cannot be run: {plainly(error)}") from error
    if done.returncode != 0:
        raise BackupError(redact(done.stderr.strip()) or f"{program} ended with {done.returncode}")
    return done.stdout


def _program(name: str, dsn: str) -> Path:
    """The bundled program; the system's if the address asks for TLS, which ours lacks."""
    if _mode(dsn) in (None, "disable", "allow", "prefer"):
        return _bundled(name)
    found = shutil.which(name)
    if found is None:
        raise BackupError(
            f"the {name} that comes with copq knows no TLS, which the address asks for: install "
            "PostgreSQL's client programs, of the server's version (Debian: postgresql-client)"
        )
    return Path(found)


def _mode(dsn: str) -> str | None:
    asked = parse_qs(urlsplit(dsn).query).get("sslmode")
    return asked[-1] if asked else os.environ.get("PGSSLMODE")


def _bundled(name: str) -> Path:
    try:
        return programs_folder() / name
    except EmbeddedPostgresError as error:
        raise BackupError(str(error)) from error


def _flush(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
