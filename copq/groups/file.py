"""Reading a group file (YAML, CSV, Excel) to a validated `GroupFile`; each fault has its place."""

from collections import defaultdict
from pathlib import Path

from copq.rates.file import RateFileError
from copq.rates.items import ItemFile
from copq.schemas.groups import GroupFile

COLUMNS = ("plant", "grouping", "product", "group", "effective_from")
_REQUIRED = COLUMNS[:-1]
_HOLDS = f"a group file has groups, each with {', '.join(_REQUIRED)} and perhaps {COLUMNS[-1]}"
_FILE = ItemFile(GroupFile, "groups", COLUMNS, _REQUIRED, _HOLDS)


def read_group_file(path: Path) -> GroupFile:
    """The groups of a file. Raises `RateFileError` with all faults found, `OSError`."""
    return _check(_FILE.read(path))


def parse_group_file(name: str, data: bytes) -> GroupFile:
    """As `read_group_file`, from bytes; the ending of the name says which kind of file it is."""
    return _check(_FILE.parse(Path(name), data))


def _check(file: GroupFile) -> GroupFile:
    """The same file. Raises `RateFileError` if it puts a product in two groups."""
    found = defaultdict(list)
    for item in file.groups:
        found[item.product, item.plant, item.grouping, item.effective_from].append(item.group)
    faults = [
        f'product "{product}" of {plant} is in {len(groups)} groups of {grouping} from {day} on: '
        f"{', '.join(groups)}; leave one row of it"
        for (product, plant, grouping, day), groups in found.items() if len(groups) > 1
    ]  # fmt: skip
    if faults:
        raise RateFileError(faults)
    return file
