"""Numbers that a file has as text: read as they are meant, or refused."""

import re
from collections.abc import Callable
from decimal import Decimal

from copq.ingest.files.cells import TypedText, quote_cell
from copq.ingest.files.faults import FileError, RowFault
from copq.ingest.files.mapping import Numbers

Read = Callable[[str, str], Decimal]

_PLAIN = re.compile(r"[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d\d?)?", re.ASCII)
_SPACES = " \u00a0\u2009\u202f"
_GROUPING = {None: "", " ": f"[{_SPACES}]", "'": "['’]", ".": r"\.", ",": ","}
_GROUPED = re.compile(rf"[+-]?[.,]?\d[\d.,'’{_SPACES}]*", re.ASCII)
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)
_POINTED = re.compile(r"[+-]?\d*\.\d+", re.ASCII)


def number_reader(numbers: Numbers | None) -> Read:
    """A function of a column and its text to a number; it raises `RowFault`."""
    if numbers is None:
        return _plain_number
    group = _GROUPING[numbers.thousands]
    pattern = _pattern(group, numbers.decimal)

    def read(column: str, text: str) -> Decimal:
        if isinstance(text, TypedText):
            return _plain_number(column, text)
        if not pattern.fullmatch(text):
            raise _no_number(column, text, _as_written(numbers))
        digits = re.sub(group, "", text) if group else text
        return Decimal(digits.replace(numbers.decimal, "."))

    return read


def _pattern(group: str, decimal: str) -> re.Pattern[str]:
    """Digits in groups of three, or as in India of two and a last three, or in none."""
    grouped = rf"|\d{{1,3}}({group}\d{{3}})+|\d{{1,2}}({group}\d{{2}})*{group}\d{{3}}"
    whole = rf"(\d+{grouped if group else ''})"
    part = rf"{re.escape(decimal)}\d+"
    return re.compile(rf"[+-]?({whole}({part})?|{part})", re.ASCII)


def _as_written(numbers: Numbers) -> str:
    thousands = f' and the thousands separator "{numbers.thousands}"' if numbers.thousands else ""
    return f' with the decimal separator "{numbers.decimal}"{thousands}'


def _plain_number(column: str, text: str) -> Decimal:
    if not _PLAIN.fullmatch(text):
        raise _no_number(column, text)
    return Decimal(text)


def _no_number(column: str, text: str, as_written: str = "") -> RowFault:
    fault = f"column {column} holds {quote_cell(text)}, which is not a number{as_written}"
    return RowFault(column, fault)


class NumberSurvey:
    """Whether the numbers of a column can be read without a setting, over the whole file."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._has_points = False
        self._ambiguous: tuple[int, str] | None = None

    def see(self, line: int, text: str) -> None:
        """Raises `FileError` for separators that only a setting can explain."""
        if isinstance(text, TypedText) or text.isdecimal():
            return
        if _AMBIGUOUS.fullmatch(text):
            self._ambiguous = self._ambiguous or (line, text)
        elif _POINTED.fullmatch(text):
            self._has_points = True
        elif _GROUPED.fullmatch(text) and not _PLAIN.fullmatch(text):
            raise FileError(
                f"holds {quote_cell(text)} in column {self._column}, line {line}; {_set_numbers()}"
            )

    def end(self) -> None:
        """Raises `FileError` where 1.250 may be 1250, and no other value says that it is not."""
        if self._ambiguous and not self._has_points:
            line, text = self._ambiguous
            raise FileError(
                f"holds {quote_cell(text)} in column {self._column}, line {line}, which is "
                f"{Decimal(text)} or {text.replace('.', '')}, and no other value of the column "
                f"tells which; {_set_numbers()}"
            )


def _set_numbers() -> str:
    return (
        "say in the mapping how numbers are written, such as "
        'numbers: {decimal: ",", thousands: "."} or numbers: {decimal: "."}'
    )
