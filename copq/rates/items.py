"""Files that list items of one kind, YAML, CSV or Excel; each fault has its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from copq.rates.file import RateFileError, decode, parse_dated, validate
from copq.rates.formats import is_yaml, read_bytes, tables_of
from copq.rates.rows import check_columns, data_of

File = TypeVar("File", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ItemFile(Generic[File]):
    """How a file is read whose model has one list, named `kind`.

    A table has the `required` columns and may have the other `columns`; `holds` says what a file
    holds, for a person whose file does not.
    """

    model: type[File]
    kind: str
    columns: Sequence[str]
    required: Sequence[str]
    holds: str

    def read(self, path: Path) -> File:
        """Raises `RateFileError` with all faults found, also of an empty file, or `OSError`."""
        return self.parse(path, read_bytes(path))

    def parse(self, path: Path, data: bytes) -> File:
        """The items of a file's bytes; its name says which kind it is. Raises `RateFileError`."""
        if is_yaml(path):
            file = parse_dated(decode(data), self.model, (), self.holds)
        else:
            rows, place = data_of(tables_of(path, data, self._kind))
            file = validate(rows, self.model, (), place)
        if not getattr(file, self.kind):
            raise RateFileError([f"is empty: {self.holds}"])
        return file

    def _kind(self, name: str, header: list[str]) -> str:
        check_columns(name, header, self.kind, self.columns)
        if missing := [column for column in self.required if column not in header]:
            raise RateFileError([f"{name}: lacks the column {', '.join(missing)}; {self.holds}"])
        return self.kind
