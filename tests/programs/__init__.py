"""Programs that are not Python packages: where they are, and what a test does without them."""

import os
import shutil

import pytest

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def program(name: str) -> str:
    """Its path. Without it the test is skipped, or fails where COPQ_ALL_PROGRAMS is set."""
    found = shutil.which(name, path=_PATH)
    if found is not None:
        return found
    reason = f"{name} is not installed: run tests/programs/install"
    if os.environ.get("COPQ_ALL_PROGRAMS"):
        pytest.fail(reason)
    pytest.skip(reason)
