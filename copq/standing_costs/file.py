"""Reading a file of standing costs, YAML, CSV or Excel; each fault has its place."""

from collections import Counter
from pathlib import Path

from copq.rates.file import RateFileError, decode, parse_dated, validate
from copq.rates.formats import is_yaml, read_bytes, tables_of
from copq.rates.rows import check_columns, data_of
from copq.schemas.standing_costs import StandingCostFile, StandingCostItem

COLUMNS = tuple(StandingCostItem.model_fields)
_NEEDED = tuple(n for n, field in StandingCostItem.model_fields.items() if field.is_required())
_HOLDS = "a file of standing costs has standing_costs, each with " + ", ".join(_NEEDED)


def read_standing_costs(path: Path) -> StandingCostFile:
    """The standing costs of a file. Raises `RateFileError` with all faults found, `OSError`."""
    data = read_bytes(path)
    if is_yaml(path):
        return _check(parse_dated(decode(data), StandingCostFile, (), _HOLDS))
    rows, place = data_of(tables_of(path, data, _kind))
    return _check(validate(rows, StandingCostFile, (), place))


def _kind(name: str, header: list[str]) -> str:
    check_columns(name, header, "standing_costs", COLUMNS)
    if missing := [column for column in _NEEDED if column not in header]:
        raise RateFileError([f"{name}: lacks the column {', '.join(missing)}; {_HOLDS}"])
    return "standing_costs"


def _check(file: StandingCostFile) -> StandingCostFile:
    """The same file. Raises `RateFileError` if it is empty, or has one cost twice."""
    if not file.standing_costs:
        raise RateFileError([f"is empty: {_HOLDS}"])
    counted = Counter((i.plant, i.line, i.name, i.first_day) for i in file.standing_costs)
    faults = [
        f'"{name}" of {plant}{f" line {line}" if line else ""} from {first_day} is there {number} '
        "times: leave one row of it"
        for (plant, line, name, first_day), number in counted.items() if number > 1
    ]  # fmt: skip
    if faults:
        raise RateFileError(faults)
    return file
