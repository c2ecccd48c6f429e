"""Stops from rows: a machine's consecutive rows in a state are one downtime event."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from copq.ingest.files.cells import name_text
from copq.ingest.files.conditions import Values, check
from copq.ingest.files.event_fields import EventFields
from copq.ingest.files.event_id import event_id
from copq.ingest.files.faults import FileError, RowFault
from copq.ingest.files.mapping import Mapping, StopMapping
from copq.ingest.files.reading import Reading

MOST_PIECES = 500_000
"""Unbroken runs of rows that are held at once; a year of a hundred machines has fewer."""

Cells = tuple[str, ...]


class StoppedRow(NamedTuple):
    """Sorts by time, then by what it says."""

    at: datetime
    cells: Cells
    number: int


class Stopped(NamedTuple):
    """A row of a stopped machine, by what tells its stop from others."""

    machine: Cells
    state: Cells
    row: StoppedRow


@dataclass(slots=True)
class Run:
    """Rows of a machine in one state, none of them missing between the first and `last`."""

    machine: Cells
    state: Cells
    first: StoppedRow
    last: datetime
    rows: int = 1
    """How many rows stand in no other event."""
    ended_at: datetime | None = None
    """Known once all runs of the machine are."""

    def reaches(self, at: datetime, reach: timedelta) -> bool:
        return self.first.at <= at <= self.last + reach

    def take(self, other: "Run") -> None:
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)
        self.rows += other.rows


class Stops:
    """Makes the stops of all machines once all rows are read, in whatever order they come.

    Memory holds the runs, not the rows: few where a file is in order of time. A row that is late
    by no more than the tolerance goes on with a run, and a run ends where the next one begins if
    that is within the tolerance.
    """

    def __init__(self, mapping: Mapping, number: int, reading: Reading) -> None:
        self._mapping: StopMapping = mapping.stops[number]
        self._name, self._number, self._clock = mapping.name, number, reading.clock
        self._holds = check(self._mapping.when, reading.number)
        self._planned = check(self._mapping.planned, reading.number)
        self._fields = EventFields("downtime", mapping.constants, self._mapping.fields, reading)
        self._interval, self._tolerance = self._mapping.interval, self._mapping.tolerance
        self._reach = self._interval + self._tolerance
        self._columns = tuple(dict.fromkeys(self._mapping.columns))
        self._runs: dict[tuple[Cells, Cells], list[Run]] = defaultdict(list)
        self._pieces = 0

    def read(self, number: int, values: Values) -> Stopped | None:
        """The row as one of a stop, if it is of one. Raises `RowFault`."""
        if not self._holds(values):
            return None
        machine = tuple(name_text(values[column]) for column in self._mapping.by)
        state = tuple(name_text(values[column]) for column in self._mapping.split_on)
        cells = tuple(values[column] for column in self._columns)
        return Stopped(machine, state, StoppedRow(self._time(values), cells, number))

    def keep(self, found: Stopped | None, alone: bool) -> bool:
        """Keep what `read` found, if anything; `alone` if the row makes no other event.

        Raises `FileError` where a file in no order has more runs than memory should hold.
        """
        if found is None:
            return False
        run = Run(found.machine, found.state, found.row, found.row.at, int(alone))
        runs = self._runs[found.machine, found.state]
        if runs and runs[-1].reaches(run.first.at, self._reach):
            runs[-1].take(run)
        else:
            self._add(runs, run)
        return True

    def _add(self, runs: list[Run], run: Run) -> None:
        self._pieces += 1
        if self._pieces > MOST_PIECES:
            raise FileError(
                f"has more than {MOST_PIECES:,} stops, or rows of stops in no order of time: "
                "sort it by time, or cut it into smaller files"
            )
        runs.append(run)

    def _time(self, values: Values) -> datetime:
        try:
            return self._clock.read(values[self._mapping.time]).instant.astimezone(UTC)
        except RowFault as fault:
            raise RowFault("started_at", fault.message) from None

    def runs(self) -> list[Run]:
        """All runs, in order of time. It forgets the rows."""
        machines: dict[Cells, list[Run]] = defaultdict(list)
        for (machine, _), pieces in self._runs.items():
            machines[machine] += _join_runs(pieces, self._reach)
        self._runs.clear()
        found = [
            run
            for runs in machines.values()
            for run in _ended(runs, self._interval, self._tolerance)
        ]
        return sorted(found, key=lambda run: (run.first.at, run.machine, run.state))

    def event(self, run: Run) -> dict[str, Any]:
        """The downtime event of a run, with the context that its first row gives."""
        values = dict(zip(self._columns, run.first.cells, strict=True))
        ended_at = run.ended_at or run.last + self._interval
        times = (run.first.at.isoformat(), ended_at.isoformat())
        key = (*run.machine, *times, *run.state)
        planned = bool(self._mapping.planned) and self._planned(values)
        return {
            "event_id": event_id(self._name, "stop", self._number, key),
            "event_type": "downtime",
            **self._fields.of(values),
            "started_at": times[0], "ended_at": times[1], "planned": planned,
        }  # fmt: skip


def _join_runs(pieces: Iterable[Run], reach: timedelta) -> list[Run]:
    """Runs of one machine and state whose rows follow each other, whatever came between them."""
    found: list[Run] = []
    for piece in sorted(pieces, key=attrgetter("first")):
        if found and found[-1].reaches(piece.first.at, reach):
            found[-1].take(piece)
        else:
            found.append(piece)
    return found


def _ended(runs: list[Run], interval: timedelta, tolerance: timedelta) -> Iterator[Run]:
    """Runs of one machine with their ends: an interval after the last row, or where the next
    state begins if that is about then."""
    runs.sort(key=attrgetter("first"))
    starts = [run.first.at for run in runs[1:]]
    for run, following in zip(runs, [*starts, None], strict=True):
        ended_at = run.last + interval
        adjoins = following is not None and abs(following - ended_at) <= tolerance
        run.ended_at = following if adjoins else ended_at
        yield run
