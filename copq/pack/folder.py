"""Files that appear as a whole, or not at all."""

import os
import tempfile
from pathlib import Path


def put_file(path: Path, content: bytes) -> None:
    """Write a file, and the folder for it. Who reads it meanwhile sees the old file or the new one.

    Raises `OSError`; then nothing of it is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    written = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        written.chmod(0o644 & ~_umask())
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The rights that the process takes from new files."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
