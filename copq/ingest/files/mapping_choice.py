"""Which mapping a file's name asks for: `*.csv=mes.yaml`, the first pattern that fits."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from copq.ingest.files.mapping import Mapping
from copq.ingest.files.mapping_file import read_mapping


@dataclass(frozen=True, slots=True)
class Choice:
    pattern: str
    file: Path
    mapping: Mapping


def split_choice(text: str) -> tuple[str, Path]:
    """Pattern and file of `PATTERN=FILE`; a file alone is for every name."""
    pattern, equals, file = text.partition("=")
    if not equals or Path(text).exists():
        return "*", Path(text)
    return pattern, Path(file)


def read_choice(text: str) -> Choice:
    """Raises `MappingError`, and `OSError` or `UnicodeDecodeError` as reading a file does."""
    pattern, file = split_choice(text)
    return Choice(pattern, file, read_mapping(file))


def chosen(choices: tuple[Choice, ...], name: str) -> Choice | None:
    return next((c for c in choices if fnmatchcase(name.lower(), c.pattern.lower())), None)
