"""A look at the whole file before any of it is imported: can all of it be read, and rightly?"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from copq.ingest.files.cells import TypedText, quote_cell
from copq.ingest.files.clock import Clock, Moment
from copq.ingest.files.faults import FileError, RowFault
from copq.ingest.files.mapping import Format, Mapping
from copq.ingest.files.numbers import NumberSurvey
from copq.ingest.files.opening import check_text
from copq.ingest.files.reading import day_columns, number_columns, start_columns, time_columns
from copq.ingest.files.repeated_hour import Hours, Nights, TimedRow
from copq.ingest.files.rows import Row, read_rows

_FORMATS: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson",
    ".json": "ndjson", ".parquet": "parquet",
}  # fmt: skip


_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Survey(NamedTuple):
    """What the file is: its format, its rows, a digest of its content, and which of two hours
    its repeated local times mean, by column."""

    format: Format
    rows: int
    sha256: str
    hours: dict[str, Hours]


def survey(path: Path, mapping: Mapping, name: str | None = None) -> Survey:
    """What the file at `path` is; `name` is its own name, where `path` does not end in it.

    Raises `OSError`, and `FileError` for a file that cannot be read to its end or that can be
    read in two ways: nothing of it is imported then.
    """
    form = mapping.file.format or _guess(Path(name or path.name))
    if path.stat().st_size == 0:
        raise FileError("is empty")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if form != "parquet":
        check_text(path, mapping.file.encoding)
    columns = _ColumnSurveys(mapping)
    rows = 0
    for row in read_rows(path, form, mapping):
        rows += 1
        if isinstance(row, Row):
            columns.see(row)
    return Survey(form, rows, digest, columns.end())


def _guess(path: Path) -> Format:
    unpacked = path.with_suffix("") if path.suffix == ".gz" else path
    found = _FORMATS.get(unpacked.suffix.lower())
    if found is None:
        raise FileError(
            f'has a name that says no format ("{path.name}"); set file.format in the mapping '
            "to csv, ndjson or parquet"
        )
    return found


class _ColumnSurveys:
    """What is looked at, column by column."""

    def __init__(self, mapping: Mapping) -> None:
        unset = () if mapping.numbers is not None else sorted(number_columns(mapping))
        self._numbers = [(column, NumberSurvey(column)) for column in unset]
        clock = Clock(mapping)
        self._times = [
            (column, _TimeSurvey(mapping, column, clock))
            for column in sorted(time_columns(mapping))
        ]

    def see(self, row: Row) -> None:
        for column, numbers in self._numbers:
            numbers.see(row.number, row.values[column])
        for _, times in self._times:
            times.see(row)

    def end(self) -> dict[str, Hours]:
        for _, numbers in self._numbers:
            numbers.end()
        for _, times in self._times:
            times.end()
        return {column: times.hours() for column, times in self._times}


class _TimeSurvey:
    """A column of times: which come twice, and whether day and month stand as the mapping says."""

    def __init__(self, mapping: Mapping, column: str, clock: Clock) -> None:
        self._column, self._clock = column, clock
        self._read = clock.read_day if column in day_columns(mapping) else clock.read
        self._nights = Nights() if column in start_columns(mapping) else None
        self._names_events = any(column in event.id for event in mapping.events) or any(
            column == stop.time for stop in mapping.stops
        )
        self._key = tuple(_key_columns(mapping, column))
        may_be_days = mapping.production_day is not None and column in day_columns(mapping)
        self._midnights = _Midnights(column, clock) if may_be_days else None

    def see(self, row: Row) -> None:
        text = row.values[self._column]
        try:
            moment = self._read(text) if text else None
        except RowFault:
            self._check_order(row.number, text)
            return
        if text and self._midnights is not None:
            self._midnights.see(row.number, text)
        if moment is not None and self._nights is not None:
            self._nights.see(self._timed(row, moment), moment.is_near)

    def _timed(self, row: Row, moment: Moment) -> TimedRow:
        key = tuple(row.values[column] for column in self._key) if moment.is_near else ()
        local = moment.instant.replace(tzinfo=None)
        return TimedRow(row.number, local, key if self._names_events else None, moment.ambiguous)

    def _check_order(self, number: int, text: str) -> None:
        """Days up to the twelfth would be read with day and month swapped, and only the others
        be refused."""
        other = self._clock.other_order(text)
        if other is not None:
            raise FileError(
                f"holds {quote_cell(text)} in column {self._column}, line {number}: day and month "
                f'stand the other way round; set time_format in the mapping to "{other}"'
            )

    def end(self) -> None:
        if self._midnights is not None:
            self._midnights.end()

    def hours(self) -> Hours:
        return self._nights.hours() if self._nights is not None else Hours()


class _Midnights:
    """Whether all times of a column are midnight: dates, as Excel and pandas write them."""

    def __init__(self, column: str, clock: Clock) -> None:
        self._column, self._clock = column, clock
        self._only = True
        self._first: tuple[int, str] | None = None

    def see(self, number: int, text: str) -> None:
        self._only = self._only and self._clock.is_midnight(text)
        self._first = self._first or (number, text)

    def end(self) -> None:
        """Raises `FileError`: a production day would begin at midnight and not at its hour."""
        if not self._only or self._first is None:
            return
        number, text = self._first
        raise FileError(
            f"holds midnight in every row of column {self._column}, such as {quote_cell(text)} in "
            f"line {number}: these seem to be production days. {_write_dates(text)}. If it did all "
            "happen at midnight, take production_day out of the mapping"
        )


def _write_dates(text: str) -> str:
    if not isinstance(text, TypedText) and _ISO_DAY.match(text):
        return f'Set time_format in the mapping to "%Y-%m-%d{text[10:]}"'
    return "Write them without the time (2026-02-01)"


def _key_columns(mapping: Mapping, column: str) -> Iterator[str]:
    """What else names an event whose id holds the time: the machine of a row, say."""
    named = [event.id for event in mapping.events if column in event.id]
    named += [stop.by for stop in mapping.stops if column == stop.time]
    times = time_columns(mapping)
    yield from dict.fromkeys(name for names in named for name in names if name not in times)
