"""Reading a base file, YAML, CSV or Excel, to a validated `BaseFile`; each fault has its place."""

from collections import Counter
from pathlib import Path

from copq.rates.file import RateFileError
from copq.rates.items import ItemFile
from copq.schemas.bases import BaseFile, base_name_of

_REQUIRED = ("plant", "month", "base", "amount", "currency")
COLUMNS = (*_REQUIRED, "grouping", "group")
_HOLDS = f"a base file has bases, each with {', '.join(_REQUIRED)} and perhaps grouping, group"
_FILE = ItemFile(BaseFile, "bases", COLUMNS, _REQUIRED, _HOLDS)


def read_base_file(path: Path) -> BaseFile:
    """The bases of a file. Raises `RateFileError` with all faults found, `OSError`."""
    return _check(_FILE.read(path))


def parse_base_file(name: str, data: bytes) -> BaseFile:
    """As `read_base_file`, from bytes; the ending of the name says which kind of file it is."""
    return _check(_FILE.parse(Path(name), data))


def _check(file: BaseFile) -> BaseFile:
    """The same file. Raises `RateFileError` if it names a base twice."""
    counted = Counter(
        (item.plant, item.month, item.base, item.grouping, item.group) for item in file.bases
    )
    faults = [
        f"{base_name_of(base, group, plant, month)} is there {number} times: leave one row of it"
        for (plant, month, base, _, group), number in counted.items() if number > 1
    ]  # fmt: skip
    if faults:
        raise RateFileError(faults)
    return file
