"""The SHA-256 of a backup, in a file next to it that `sha256sum --check` reads."""

import hashlib
import os
import re
from pathlib import Path

from copq.backup.programs import BackupError


def digest_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")


def write_digest(file: Path) -> str:
    """Write the digest to a new file next to the backup and return it. Raises OSError."""
    with file.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    opened = os.open(digest_file(file), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8") as digest_written:
        digest_written.write(f"{digest}  {file.name}\n")
        digest_written.flush()
        os.fsync(digest_written.fileno())
    return digest


def read_digest(file: Path) -> str:
    """The SHA-256 in the file. Raises `BackupError`, OSError."""
    found = re.match(r"[0-9a-fA-F]{64}(?= |$)", file.read_text(encoding="utf-8"))
    if found is None:
        raise BackupError(f"{file} does not begin with a SHA-256")
    return found[0]
