"""Reading a base file, YAML, CSV or Excel, to a validated `BaseFile`; each fault has its place."""

from collections import Counter
from pathlib import Path

from copq.rates.file import RateFileError, decode, parse_dated, validate
from copq.rates.formats import is_yaml, read_bytes, tables_of
from copq.rates.rows import check_columns, data_of
from copq.schemas.bases import BaseFile, base_name_of

_REQUIRED = ("plant", "month", "base", "amount", "currency")
COLUMNS = (*_REQUIRED, "grouping", "group")
_HOLDS = f"a base file has bases, each with {', '.join(_REQUIRED)} and perhaps grouping, group"


def read_base_file(path: Path) -> BaseFile:
    """The bases of a file. Raises `RateFileError` with all faults found, `OSError`."""
    data = read_bytes(path)
    if is_yaml(path):
        return _check(parse_dated(decode(data), BaseFile, (), _HOLDS))
    rows, place = data_of(tables_of(path, data, _kind))
    return _check(validate(rows, BaseFile, (), place))


def _kind(name: str, header: list[str]) -> str:
    check_columns(name, header, "bases", COLUMNS)
    if missing := [column for column in _REQUIRED if column not in header]:
        raise RateFileError([f"{name}: lacks the column {', '.join(missing)}; {_HOLDS}"])
    return "bases"


def _check(file: BaseFile) -> BaseFile:
    """The same file. Raises `RateFileError` if it is empty, or names a base twice."""
    if not file.bases:
        raise RateFileError([f"is empty: {_HOLDS}"])
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
