"""Stops from rows: a machine's consecutive rows in a state are one downtime event."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from services.ingest.files.clock import Clock
from services.ingest.files.conditions import Values, check
from services.ingest.files.event_fields import EventFields
from services.ingest.files.event_id import event_id
from services.ingest.files.faults import RowFault
from services.ingest.files.mapping import Mapping, StopMapping

Machine = tuple[str, ...]


class StoppedRow(NamedTuple):
    """Sorts by time, then by what it says: the order in the file has no say in a run."""

    at: datetime
    state: tuple[str, ...]
    cells: tuple[str, ...]
    number: int


class Run(NamedTuple):
    machine: Machine
    first: StoppedRow
    ended_at: datetime


class Stops:
    """Keeps the rows of stopped machines, and makes their stops once all rows are read.

    The rows are held in memory, since a file need not be in order of time; nothing else is.
    """

    def __init__(self, mapping: Mapping, number: int, clock: Clock) -> None:
        self._mapping: StopMapping = mapping.stops[number]
        self._name, self._number, self._clock = mapping.name, number, clock
        self._holds, self._planned = check(self._mapping.when), check(self._mapping.planned)
        self._fields = EventFields("downtime", mapping.constants, self._mapping.fields, clock)
        self._interval = timedelta(minutes=float(self._mapping.interval_minutes))
        self._columns = tuple(dict.fromkeys(self._mapping.columns))
        self._rows: dict[Machine, list[StoppedRow]] = defaultdict(list)

    def read(self, number: int, values: Values) -> tuple[Machine, StoppedRow] | None:
        """The row as one of a stop, if it is of one. Raises `RowFault`."""
        if not self._holds(values):
            return None
        machine = tuple(values[column] for column in self._mapping.by)
        state = tuple(values[column] for column in self._mapping.split_on)
        cells = tuple(values[column] for column in self._columns)
        return machine, StoppedRow(self._time(values), state, cells, number)

    def keep(self, found: tuple[Machine, StoppedRow] | None) -> bool:
        """Keep what `read` found, if it found something."""
        if found is None:
            return False
        self._rows[found[0]].append(found[1])
        return True

    def _time(self, values: Values) -> datetime:
        try:
            return self._clock.read(values[self._mapping.time]).instant.astimezone(UTC)
        except RowFault as fault:
            raise RowFault("started_at", fault.message) from None

    def runs(self) -> list[Run]:
        """All runs, in order of time. It forgets the rows."""
        found = [
            run
            for machine, rows in self._rows.items()
            for run in _runs(machine, rows, self._interval)
        ]
        self._rows.clear()
        return sorted(found, key=lambda run: (run.first.at, run.machine, run.first.state))

    def event(self, run: Run) -> dict[str, Any]:
        """The downtime event of a run, with the context that its first row gives."""
        values = dict(zip(self._columns, run.first.cells, strict=True))
        times = (run.first.at.isoformat(), run.ended_at.isoformat())
        key = (*run.machine, *times, *run.first.state)
        planned = bool(self._mapping.planned) and self._planned(values)
        return {
            "event_id": event_id(self._name, "stop", self._number, key),
            "event_type": "downtime",
            **self._fields.of(values),
            "started_at": times[0], "ended_at": times[1], "planned": planned,
        }  # fmt: skip


def _runs(machine: Machine, rows: Iterable[StoppedRow], interval: timedelta) -> Iterator[Run]:
    """A row that comes twice adds nothing; a gap or another state ends the run."""
    first = last = None
    for row in sorted(rows, key=itemgetter(slice(3))):
        goes_on = (
            first is not None
            and last is not None
            and row.state == first.state
            and row.at - last.at in (interval, timedelta(0))
        )
        if not goes_on:
            if first is not None and last is not None:
                yield Run(machine, first, last.at + interval)
            first = row
        last = row
    if first is not None and last is not None:
        yield Run(machine, first, last.at + interval)
