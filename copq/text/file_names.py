"""Names of files, made of names that people chose."""

import re
import unicodedata
from hashlib import sha256

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_MOST = 60


def safe_name(name: str) -> str:
    """The name with letters, digits, `-`, `_` and `.` alone.

    One that loses anything ends with a digest, so that different names stay different.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    kept = _UNSAFE.sub("-", plain).strip("-.")[:_MOST]
    if kept == name:
        return kept
    return f"{kept}-{sha256(name.encode()).hexdigest()[:8]}".lstrip("-")
