"""The answer about data that people set: versions of rows, rendered alike everywhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class VersionsAnswer(Generic[R]):
    """The first rows in their order, and how many there are.

    `columns` are those of a table, and `cells` gives a row's values by their names.
    """

    at: datetime
    rows: Sequence[R]
    rows_total: int
    columns: tuple[str, ...]
    cells: Callable[[R], dict[str, Any]]

    def table(self) -> list[dict[str, Any]]:
        """The rows of `columns`."""
        return [self.cells(row) for row in self.rows]

    def as_json(self) -> dict[str, Any]:
        return {"at": self.at, "rows": self.table(), "rows_total": self.rows_total}
