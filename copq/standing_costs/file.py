"""Reading a file of standing costs, YAML, CSV or Excel; each fault has its place."""

from collections import Counter
from pathlib import Path

from copq.rates.file import RateFileError
from copq.rates.items import ItemFile
from copq.schemas.standing_costs import StandingCostFile, StandingCostItem

COLUMNS = tuple(StandingCostItem.model_fields)
_NEEDED = tuple(n for n, field in StandingCostItem.model_fields.items() if field.is_required())
_HOLDS = "a file of standing costs has standing_costs, each with " + ", ".join(_NEEDED)
_FILE = ItemFile(StandingCostFile, "standing_costs", COLUMNS, _NEEDED, _HOLDS)


def read_standing_costs(path: Path) -> StandingCostFile:
    """The standing costs of a file. Raises `RateFileError` with all faults found, `OSError`."""
    return _check(_FILE.read(path))


def parse_standing_costs(name: str, data: bytes) -> StandingCostFile:
    """As `read_standing_costs`, from bytes; the ending of the name says the kind of file."""
    return _check(_FILE.parse(Path(name), data))


def _check(file: StandingCostFile) -> StandingCostFile:
    """The same file. Raises `RateFileError` if it has one cost twice."""
    counted = Counter((i.plant, i.line, i.name, i.first_day) for i in file.standing_costs)
    faults = [
        f'"{name}" of {plant}{f" line {line}" if line else ""} from {first_day} is there {number} '
        "times: leave one row of it"
        for (plant, line, name, first_day), number in counted.items() if number > 1
    ]  # fmt: skip
    if faults:
        raise RateFileError(faults)
    return file
