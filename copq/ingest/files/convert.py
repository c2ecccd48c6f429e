"""From rows to events: a mapping applied, with no clock and no database."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from copq.ingest.files.conditions import Values, check
from copq.ingest.files.event_fields import EventFields, NoEvent
from copq.ingest.files.event_id import event_id
from copq.ingest.files.faults import RowFault
from copq.ingest.files.mapping import Mapping
from copq.ingest.files.reading import Reading, key_parts, reading_of, time_columns
from copq.ingest.files.repeated_hour import Hours
from copq.ingest.files.rows import AnyRow, BrokenRow, RepeatedHeader, Row
from copq.ingest.files.stops import Stops

_encode = msgspec.json.Encoder().encode

NO_CONDITION = "no condition of the mapping holds"
EMPTY = "no mapped column has a value"
HEADER = "repeats the header"


class Converted(NamedTuple):
    """One event as the bytes of a JSON object, and the row (for a stop the first) it is of."""

    row: int
    event_type: str
    raw: bytes
    rows: int = 1
    """Rows that are refused if the event is."""


class Unreadable(NamedTuple):
    """A row that makes no event, though it should: nothing of it is sent."""

    row: int
    field: str
    message: str
    rows: int = 1


class Converter:
    """Applies a mapping. The same rows give the same events, and in the same order.

    Every row is either used, skipped by a rule, or refused: the three counts are all rows.
    """

    def __init__(self, mapping: Mapping, hours: dict[str, Hours] | None = None) -> None:
        """`hours` by column, as the survey of the file found them."""
        reading = reading_of(mapping)
        self._clock = reading.clock
        self._makers = list(_event_makers(mapping, reading))
        self._stops = [Stops(mapping, number, reading) for number in range(len(mapping.stops))]
        self._time_columns = sorted(time_columns(mapping))
        self._hours = {column: found for column, found in (hours or {}).items() if any(found)}
        self.rows = 0
        """Rows read so far."""
        self.used = 0
        self.skipped: Counter[str] = Counter()
        """Rows that make no event, by the rule."""
        self.refused = 0
        self.ambiguous = 0
        """Rows whose local time came twice that night, and nothing tells which time is meant: the
        first was taken."""

    def events(self, rows: Iterable[AnyRow]) -> Iterator[Converted | Unreadable]:
        """The events of all rows, then the stops: call it once."""
        for row in rows:
            self.rows += 1
            if isinstance(row, Row):
                yield from self._of_row(row)
            elif isinstance(row, BrokenRow):
                self.refused += 1
                yield Unreadable(row.number, row.field, row.message)
            elif isinstance(row, RepeatedHeader):
                self.skipped[HEADER] += 1
        yield from self._of_stops()

    def _of_row(self, row: Row) -> list[Converted] | list[Unreadable]:
        if not any(row.values.values()):
            self.skipped[EMPTY] += 1
            return []
        try:
            values = self._with_hours(row) if self._hours else row.values
            made, rule = self._make_events(row.number, values)
            stopped = [stops.read(row.number, values) for stops in self._stops]
        except RowFault as fault:
            self.refused += 1
            return [Unreadable(row.number, fault.field, fault.message)]
        is_used = bool(made)
        for stops, found in zip(self._stops, stopped, strict=True):
            is_used |= stops.keep(found, alone=not is_used)
        if is_used:
            self.used += 1
            self.ambiguous += any(self._is_ambiguous(values[c]) for c in self._time_columns)
        else:
            self.skipped[rule] += 1
        return made

    def _make_events(self, number: int, values: Values) -> tuple[list[Converted], str]:
        """The events of a row, and the rule by which there are none."""
        made, rule = [], NO_CONDITION
        for maker in self._makers:
            try:
                event = maker.make(values)
            except NoEvent as none:
                rule = none.rule
                continue
            if event is not None:
                made.append(Converted(number, maker.event_type, _encode(event)))
        return made, rule

    def _with_hours(self, row: Row) -> Values:
        """The values, where local times came twice replaced by the instant that is meant."""
        values = row.values
        for column, hours in self._hours.items():
            if row.number in hours.unsure:
                message = (
                    f"{values[column]} came twice as clocks went back, and the order of the rows "
                    "does not tell which is meant: map a column with an offset, or in UTC"
                )
                raise RowFault(column, message)
            if row.number in hours.second:
                values = values | {column: self._clock.second(values[column])}
            elif row.number in hours.first:
                values = values | {column: self._clock.first(values[column])}
        return values

    def _is_ambiguous(self, text: str) -> bool:
        try:
            return bool(text) and self._clock.read(text).ambiguous
        except RowFault:  # of a column that this row's events have no use for
            return False

    def _of_stops(self) -> Iterator[Converted | Unreadable]:
        for stops in self._stops:
            for run in stops.runs():
                try:
                    raw = _encode(stops.event(run))
                    yield Converted(run.first.number, "downtime", raw, run.rows)
                except NoEvent as none:
                    self.used -= run.rows
                    self.skipped[none.rule] += run.rows
                except RowFault as fault:
                    self.used -= run.rows
                    self.refused += run.rows
                    yield Unreadable(run.first.number, fault.field, fault.message, run.rows)


class _EventMaker:
    """Makes the event of one entry of `events`, or none."""

    def __init__(self, mapping: Mapping, index: int, number: int, reading: Reading) -> None:
        declared = mapping.events[index]
        self.event_type = declared.type
        self._name, self._number = mapping.name, number
        parts = key_parts(mapping, reading)
        self._key = [(column, parts[column]) for column in declared.id]
        self._holds = check(declared.when, reading.number)
        self._fields = EventFields(declared.type, mapping.constants, declared.fields, reading)

    def make(self, values: Values) -> dict[str, object] | None:
        """Raises `NoEvent` and `RowFault`."""
        if not self._holds(values):
            return None
        fields = self._fields.of(values)
        made = event_id(self._name, self.event_type, self._number, self._key_of(values))
        return {"event_id": made, "event_type": self.event_type, **fields}

    def _key_of(self, values: Values) -> list[str]:
        """What the columns of the id say: without any, all such rows would be one event."""
        key = [part(values[column]) for column, part in self._key]
        if not any(key):
            columns = ", ".join(column for column, _ in self._key)
            raise RowFault("event_id", f"nothing names the event: {columns} is empty")
        return key


def _event_makers(mapping: Mapping, reading: Reading) -> Iterator[_EventMaker]:
    """Entries of one type are numbered apart, so that other types can come and go between."""
    numbers: Counter[str] = Counter()
    for index, declared in enumerate(mapping.events):
        yield _EventMaker(mapping, index, numbers[declared.type], reading)
        numbers[declared.type] += 1
