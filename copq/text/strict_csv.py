"""Strict CSV: text that is not exactly a table is refused, with its line and a remedy.

Every reader of CSV uses this one. Memory holds one record at a time, and a record is bounded.
"""

import csv
import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple, TextIO

MAX_RECORD = 1 << 20
"""Characters of one record or one line; Excel's largest row of ordinary cells is far below."""
MAX_COLUMNS = 16_384
"""As many as a worksheet of Excel has."""


_SEPARATOR = re.compile(r'\ufeff?"?sep=([^\w\s"]|\t)"?\1*[\r\n]*', re.ASCII | re.IGNORECASE)
"""The first line that Excel reads and does not show: it names the delimiter."""


class NotCsv(ValueError):
    """The text cannot be read as a table; the message says where, and what to do."""

    def __init__(self, line: int, message: str, is_quote: bool = False) -> None:
        """`is_quote`: a quote is at fault, which may be part of the text."""
        super().__init__(f"line {line}: {message}")
        self.is_quote = is_quote


class Dialect(NamedTuple):
    delimiter: str = ","
    quoted: bool = True
    """Whether a quote at the beginning of a cell encloses it, or is part of its text."""
    line_breaks: bool = False
    """Whether a cell may contain text that looks like a whole row."""


class Record(NamedTuple):
    """`number` is the line on which the record ends; an empty line has no cells."""

    number: int
    cells: list[str]


class Lines:
    """The lines of a text, each of bounded length; `number` is the number of the last line read."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        read = self._text.readline
        while line := read(MAX_RECORD + 1):
            self.number += 1
            if len(line) > MAX_RECORD:
                raise NotCsv(self.number, f"is longer than {MAX_RECORD:,} characters")
            if "\0" in line:
                raise NotCsv(self.number, "holds a NUL character: the file is damaged")
            yield line


def records(text: TextIO, dialect: Dialect) -> Iterator[Record]:
    """The header, then all other records. Raises `NotCsv`.

    A stray quote can enclose whole rows until the next one. A record of several lines of which
    two look like rows of their own is therefore refused, unless the dialect allows it. A first
    line such as `sep=;` is skipped, and its delimiter is used.
    """
    lines = _RecordLines(text, dialect.delimiter)
    reader = csv.reader(
        lines, delimiter=lines.delimiter, strict=True,
        quoting=csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE,
    )  # fmt: skip
    width = None
    try:
        for cells in reader:
            if width is None:
                width = _width(cells)
            if lines.wide(width) > 1 and not dialect.line_breaks:
                raise NotCsv(lines.first, _swallows(lines.number), is_quote=True)
            yield Record(lines.number, cells)
            lines.begin_record()
    except csv.Error as error:
        raise NotCsv(
            lines.first, _malformed_message(str(error), lines.number), is_quote=True
        ) from None


def _width(header: list[str]) -> int:
    if len(header) > MAX_COLUMNS:
        raise NotCsv(1, f"has {len(header):,} columns; {MAX_COLUMNS:,} at most")
    return max(len(header), 2)


class _RecordLines:
    """The lines of the record that is being read: its first, and its size."""

    def __init__(self, text: TextIO, delimiter: str) -> None:
        self._lines = Lines(text)
        self._opening = next(iter(self._lines), "")
        named = _SEPARATOR.fullmatch(self._opening)
        self.delimiter = named[1] if named else delimiter
        if named:
            self._opening = next(iter(self._lines), "")
        self.begin_record()
        self.first = max(self._lines.number, 1)

    def begin_record(self) -> None:
        self.first = self._lines.number + 1
        self._widths: list[int] = []
        self._size = 0

    def wide(self, width: int) -> int:
        """How many lines of a record of several lines have as many cells as a row."""
        return sum(1 for cells in self._widths if cells >= width) if len(self._widths) > 1 else 0

    @property
    def number(self) -> int:
        return self._lines.number

    def __iter__(self) -> Iterator[str]:
        for line in chain([self._opening] if self._opening else [], self._lines):
            self._widths.append(1 + line.count(self.delimiter))
            self._size += len(line)
            if self._size > MAX_RECORD:
                raise NotCsv(self.first, f"its row is longer than {MAX_RECORD:,} characters")
            yield line


_REMEDY = 'Write a quote that is part of a text twice (""), and the text in quotes'


def _swallows(last: int) -> str:
    return f"a cell in quotes goes on to line {last}, over lines that look like rows. {_REMEDY}"


def _malformed_message(error: str, last: int) -> str:
    if "field larger" in error:
        return f"a cell is longer than {csv.field_size_limit():,} characters. {_REMEDY}"
    if "unexpected end" in error:
        return f"a quote begins a cell that never ends. {_REMEDY}"
    if "expected after" in error:
        return f"a cell in quotes ends on line {last}, and text follows its quote. {_REMEDY}"
    return f"is not CSV: {error}"
