"""What the system refuses, as a person says it."""

import re

_NUMBER = re.compile(r"\[Errno -?\d+\] ")


def plainly(error: Exception) -> str:
    """`No such file or directory`: without the number, and without the file's name.

    Of a text file that is none it says so, without its bytes.
    """
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 text at byte {error.start:,}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return _NUMBER.sub("", str(error)) or type(error).__name__
