"""Programs that are not Python packages: where they are, and what a test does without them."""

import os
import shutil

import pytest

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


class MissingProgramError(RuntimeError):
    """A program is not installed."""


def find_program(name: str) -> str:
    """Its path. Raises `MissingProgramError`."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        raise MissingProgramError(f"{name} is not installed: run tests/support/programs/install")
    return found


def program(name: str) -> str:
    """Its path. Without it the test is skipped, or fails where COPQ_ALL_PROGRAMS is set."""
    try:
        return find_program(name)
    except MissingProgramError as missing:
        if os.environ.get("COPQ_ALL_PROGRAMS"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
