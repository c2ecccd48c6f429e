"""An Excel file as a reader opens it: its formulas, calculated here, against their last values."""

import io
import re
from collections.abc import Callable
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

_REFERENCE = re.compile(r"(?:(\w+)!)?([A-Z]+\d+)(?::([A-Z]+\d+))?")
_SUM_IF = re.compile(r"SUMIF\(([^,]+),([^,]+),([^,]+)\)")


class Calculated:
    """A workbook that is calculated again from the figures in it."""

    def __init__(self, file: bytes) -> None:
        self.formulas = load_workbook(io.BytesIO(file))
        self.values = load_workbook(io.BytesIO(file), data_only=True)

    def rows(self, sheet: str) -> list[dict[str, Any]]:
        """The rows with the values that the file has, by their columns."""
        head: Any
        head, *rows = self.values[sheet].iter_rows(values_only=True)
        return [dict(zip(head, row, strict=True)) for row in rows]

    def differences(self) -> tuple[int, list[str]]:
        """How many formulas there are, and those that give another value than the file has."""
        checked, wrong = 0, []
        for page in self.formulas:
            for cell in (cell for row in page.iter_rows() for cell in row):
                if cell.data_type == "f":
                    checked += 1
                    shown = self.values[page.title][cell.coordinate].value
                    found = self.value(page.title, cell.coordinate)
                    if abs(found - shown) > 1e-9 * max(1, abs(found)):
                        wrong.append(f"{page.title}!{cell.coordinate}: {cell.value}, {shown}")
        return checked, wrong

    def value(self, sheet: str, place: str) -> Any:
        cell = self.formulas[sheet][place]
        return self._of(sheet, cell.value[1:]) if cell.data_type == "f" else cell.value

    def _of(self, sheet: str, formula: str) -> float:
        if match := _SUM_IF.fullmatch(formula):
            names, name, amounts = (self._cells(sheet, part) for part in match.groups())
            return float(sum(a for n, a in zip(names, amounts, strict=True) if n == name[0]))
        put: Callable[[re.Match[str]], str] = lambda m: repr(  # noqa: E731
            float(self.value(m[1] or sheet, m[2]))
        )
        text = _REFERENCE.sub(put, formula)
        assert re.fullmatch(r"[\d.e+*/() -]+", text), formula
        return float(eval(text))

    def _cells(self, sheet: str, area: str) -> list[Any]:
        left, top, right, bottom = (number or 1 for number in range_boundaries(area))
        page: Any = self.formulas[sheet]
        return [
            self.value(sheet, page.cell(row, column).coordinate)
            for row in range(top, bottom + 1) for column in range(left, right + 1)
        ]  # fmt: skip
