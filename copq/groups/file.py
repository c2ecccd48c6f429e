"""Reading a group file (YAML, CSV, Excel) to a validated `GroupFile`; each fault has its place."""

from collections import defaultdict
from pathlib import Path

from copq.rates.file import RateFileError, decode, parse_dated, validate
from copq.rates.formats import is_yaml, read_bytes, tables_of
from copq.rates.rows import check_columns, data_of
from copq.schemas.groups import GroupFile

COLUMNS = ("plant", "grouping", "product", "group", "effective_from")
_REQUIRED = COLUMNS[:-1]
_HOLDS = f"a group file has groups, each with {', '.join(_REQUIRED)} and perhaps {COLUMNS[-1]}"


def read_group_file(path: Path) -> GroupFile:
    """The groups of a file. Raises `RateFileError` with all faults found, `OSError`."""
    data = read_bytes(path)
    if is_yaml(path):
        return _check(parse_dated(decode(data), GroupFile, (), _HOLDS))
    rows, place = data_of(tables_of(path, data, _kind))
    return _check(validate(rows, GroupFile, (), place))


def _kind(name: str, header: list[str]) -> str:
    check_columns(name, header, "groups", COLUMNS)
    if missing := [column for column in _REQUIRED if column not in header]:
        raise RateFileError([f"{name}: lacks the column {', '.join(missing)}; {_HOLDS}"])
    return "groups"


def _check(file: GroupFile) -> GroupFile:
    """The same file. Raises `RateFileError` if it is empty, or puts a product in two groups."""
    if not file.groups:
        raise RateFileError([f"is empty: {_HOLDS}"])
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
