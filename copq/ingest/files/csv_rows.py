"""The rows of a CSV file."""

from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

from copq.ingest.files.faults import FileError
from copq.ingest.files.mapping import Layout, Mapping
from copq.ingest.files.opening import open_text
from copq.ingest.files.rows import AnyRow, BrokenRow, RepeatedHeader, Row, Rows, check_columns
from copq.text.strict_csv import Dialect, NotCsv, Record, records

_QUOTES = (
    '; or, where quotes are always part of the text, such as inch marks, set file.quote to "none" '
    "in the mapping. If a cell does hold lines that look like rows, set file.line_breaks to true"
)
_DELIMITERS = {";": '";"', ",": '","', "\t": "tab", "|": '"|"'}


def csv_rows(path: Path, mapping: Mapping) -> Rows:
    """As `read_rows`. Empty lines are not rows."""
    with open_text(path, mapping.file.encoding) as text:
        table = records(text, dialect_of(mapping.file))
        try:
            header = [name.strip() for name in next(table, Record(1, [])).cells]
            reader = _Reader(mapping, header)
            for record in table:
                if record.cells:
                    yield reader.row(record)
        except NotCsv as error:
            raise FileError(f"is not CSV at {error}{_QUOTES if error.is_quote else ''}") from None


def dialect_of(layout: Layout) -> Dialect:
    return Dialect(layout.delimiter, layout.quote == "double", layout.line_breaks)


class _Reader:
    """Makes rows of the records below one header."""

    def __init__(self, mapping: Mapping, header: list[str]) -> None:
        self._header, self._names = header, sorted(header)
        self._columns = mapping.columns
        self._pick = _picker(mapping, header)

    def row(self, record: Record) -> AnyRow:
        number, cells = record
        if len(cells) != len(self._header):
            message = f"has {len(cells)} cells, the header has {len(self._header)}"
            return BrokenRow(number, message)
        values = self._pick(cells)
        if values.get(self._columns[0]) in self._header and self._is_header(number, cells):
            return RepeatedHeader(number)
        return Row(number, values)

    def _is_header(self, number: int, cells: list[str]) -> bool:
        """Raises `FileError` where the columns below it stand in another order."""
        names = [cell.strip().removeprefix("\ufeff") for cell in cells]
        if names != self._header and sorted(names) == self._names:
            raise FileError(
                f"has a second header at line {number}, with its columns in another order: "
                "import its parts as files of their own"
            )
        return names == self._header


def _picker(mapping: Mapping, header: list[str]) -> Callable[[list[str]], dict[str, str]]:
    columns = mapping.columns
    check_columns(columns, header, _other_delimiter(mapping, header))
    twice = [column for column in columns if header.count(column) > 1]
    if twice:
        raise FileError(f"has more than one column {', '.join(twice)}")
    # A second index keeps the answer a tuple where there is one column only.
    pick = itemgetter(*(header.index(column) for column in columns), 0)
    return lambda cells: dict(zip(columns, map(str.strip, pick(cells)), strict=False))


def _other_delimiter(mapping: Mapping, header: list[str]) -> str:
    """What to do where another delimiter would find the columns."""
    line = mapping.file.delimiter.join(header)
    for delimiter, name in _DELIMITERS.items():
        found = {cell.strip().strip('"') for cell in line.split(delimiter)}
        if delimiter != mapping.file.delimiter and found.issuperset(mapping.columns):
            return f". Set file.delimiter in the mapping to {name}"
    return ""
