"""Reading a target file: from YAML to a validated `TargetFile`; each fault names its place."""

from pathlib import Path

from copq.rates.file import RateFileError, decode, parse_dated
from copq.schemas.targets import TargetFile

_HOLDS = "a target file has targets and budgets"
_DATED = ("targets", "budgets")


def read_target_file(path: Path) -> TargetFile:
    """The targets of a YAML file. Raises `RateFileError` with all faults found, `OSError`."""
    # It loads the readers of workbooks, which are slow: only a file needs it.
    from copq.rates.formats import read_bytes

    return _parse(read_bytes(path))


def parse_target_file(name: str, data: bytes) -> TargetFile:
    """As `read_target_file`, from the bytes of a file of this name."""
    from copq.rates.formats import is_yaml

    if not is_yaml(Path(name)):
        raise RateFileError(["a target file is YAML: its name ends in .yaml"])
    return _parse(data)


def _parse(data: bytes) -> TargetFile:
    return parse_dated(decode(data), TargetFile, _DATED, _HOLDS)
