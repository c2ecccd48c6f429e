"""Reading a target file: from YAML to a validated `TargetFile`; each fault names its place."""

from pathlib import Path

from copq.rates.file import RateFileError, parse_dated
from copq.schemas.targets import TargetFile

_HOLDS = "a target file has targets and budgets"
_DATED = ("targets", "budgets")


def read_target_file(path: Path) -> TargetFile:
    """The targets of a YAML file. Raises `RateFileError` with all faults found, `OSError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RateFileError([f"is not UTF-8: {error}"]) from None
    return parse_dated(text, TargetFile, _DATED, _HOLDS)
