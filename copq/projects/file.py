"""Reading a file of projects, YAML; each fault has its place."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from copq.rates.file import RateFileError, decode, parse_dated
from copq.rates.formats import is_yaml, read_bytes
from copq.schemas.projects import ProjectFile, ProjectItem

_NEEDED = [n for n, field in ProjectItem.model_fields.items() if field.is_required()]
_HOLDS = "a file of projects has projects, each with " + ", ".join(_NEEDED)


def read_projects(path: Path) -> ProjectFile:
    """The projects of a file. Raises `RateFileError` with all faults found, `OSError`."""
    return parse_projects(path.name, read_bytes(path))


def parse_projects(name: str, data: bytes) -> ProjectFile:
    """As `read_projects`, from the bytes of a file of this name."""
    if not is_yaml(Path(name)):
        raise RateFileError(["is not YAML: a project has parts of its own; name it .yaml"])
    return checked(parse_dated(decode(data), ProjectFile, (), _HOLDS))


def checked(file: ProjectFile) -> ProjectFile:
    """The same file. Raises `RateFileError` if it is empty, or names something twice."""
    faults = [] if file.projects else [f"is empty: {_HOLDS}"]
    faults += _twice(((f'"{p.name}" of {p.plant}') for p in file.projects), "project")
    for item in file.projects:
        names = (f'"{one.name}" of project "{item.name}"' for one in item.investments)
        faults += _twice(names, "investment")
    if faults:
        raise RateFileError(faults)
    return file


def _twice(names: Iterable[str], kind: str) -> list[str]:
    counted = Counter(names)
    return [
        f"{kind} {name} is there {number} times: leave one of them"
        for name, number in counted.items() if number > 1
    ]  # fmt: skip
