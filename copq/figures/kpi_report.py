"""Key figures of manufacturing for any window: OEE and its factors, yields, MTTR, by line.

They equal the exporter's figures, for any time. Units come from rollups and ledger, time from the
stops, both exact to the microsecond. An unknown figure is None, with the reason.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection

from copq.currencies.converted import ByCurrency
from copq.database.queries import Queries
from copq.figures.edges import edge, in_order
from copq.figures.trailing import parts_of
from copq.ledger.arithmetic import MONEY, ZERO
from copq.ledger.downtime import Stop, element, segments, stops_until
from copq.ledger.figures import Scope
from copq.ledger.kpis import Busy, Repairs, Units, busy
from copq.posting.open_stops import open_stops, stops_of_lines
from copq.rates.book import RateBook, Site
from copq.rates.names import name_list

_MONEY = ByCurrency(__file__)
_SQL = Queries.of(__file__)
_INSTANT = timedelta(microseconds=1)
DIMENSIONS = ("plant", "line", "product", "group")
RATIOS = (
    "oee", "availability", "effectiveness", "quality", "first_pass_yield", "scrap_ratio",
    "rework_ratio",
)  # fmt: skip

NO_UNITS = "nothing left the line in this time"
NO_GOOD = "only some events report good units"
NO_PRODUCT_TIME = "times are stored by line, not by product: leave the product and group out"
NO_IDEAL_RATE = "the line rate has no ideal_rate_per_minute"
NO_PLANNED_TIME = "this time is a planned stop"
NOT_RUNNING = "the line was stopped for all of the planned time"
NO_REPAIR = "no unplanned stop ended in this time"

Edge = datetime | date | None


@dataclass(frozen=True, slots=True)
class KpiQuery:
    """Asks for the key figures of [start, end): instants or production days, up to now at most.

    Without a start, it means the production day so far. `by` names the dimensions of the rows.
    """

    plant: str | None = None
    line: str | None = None
    product: str | None = None
    start: Edge = None
    end: Edge = None
    by: tuple[str, ...] = ("plant", "line")
    group: str | None = field(default=None, kw_only=True)
    grouping: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for dimension in self.by:
            if dimension not in DIMENSIONS:
                raise ValueError(f'"{dimension}" is none of {", ".join(DIMENSIONS)}')

    @property
    def of_product(self) -> bool:
        """Whether the rows are of some products of a line, which have no times of their own."""
        return self.product is not None or self.grouping is not None or "product" in self.by


@dataclass(slots=True)
class KpiRow:
    """The key figures of one row. `start` and `end` are None if they differ between plants."""

    dims: dict[str, str]
    start: datetime | None
    end: datetime | None
    of_product: bool = False
    units: Units = field(default_factory=Units)
    time: Busy = field(default_factory=Busy)
    repairs: Repairs = field(default_factory=Repairs)
    without_rate: set[str] = field(default_factory=set)
    """Lines without a known ideal rate: the row has no OEE."""
    more_without_rate: int = 0
    """The number of such lines that are not named."""

    @property
    def scrap_ratio(self) -> Decimal | None:
        return self.units.scrap_ratio

    @property
    def rework_ratio(self) -> Decimal | None:
        return self.units.rework_ratio

    @property
    def first_pass_yield(self) -> Decimal | None:
        return self.units.first_pass_yield

    @property
    def quality(self) -> Decimal | None:
        return self.units.quality

    @property
    def availability(self) -> Decimal | None:
        return None if self.of_product else self.time.availability

    @property
    def effectiveness(self) -> Decimal | None:
        return None if self.of_product or self.without_rate else self.time.effectiveness

    @property
    def oee(self) -> Decimal | None:
        return None if self.of_product or self.without_rate else self.time.oee

    @property
    def mean_time_to_repair(self) -> float | None:
        return None if self.of_product else self.repairs.mean_time_to_repair

    @property
    def reasons(self) -> dict[str, str]:
        """The reason for each figure that is None, by name."""
        why = {
            "scrap_ratio": NO_UNITS, "rework_ratio": NO_UNITS,
            "first_pass_yield": self._no_good, "quality": self._no_good,
            "availability": self._no_time, "effectiveness": self._no_effectiveness,
            "oee": self._no_oee,
            "mean_time_to_repair": NO_PRODUCT_TIME if self.of_product else NO_REPAIR,
        }  # fmt: skip
        return {name: reason for name, reason in why.items() if getattr(self, name) is None}

    @property
    def _no_good(self) -> str:
        return NO_UNITS if self.units.produced <= 0 else NO_GOOD

    @property
    def _no_time(self) -> str:
        return NO_PRODUCT_TIME if self.of_product else NO_PLANNED_TIME

    @property
    def _no_effectiveness(self) -> str:
        if self.without_rate and not self.of_product:
            number = len(self.without_rate) + self.more_without_rate
            return f"{NO_IDEAL_RATE}: {name_list(sorted(self.without_rate), number)}"
        return self._no_time if self.availability is None else NOT_RUNNING

    @property
    def _no_oee(self) -> str:
        known = self.effectiveness is not None or self.availability == 0
        return NO_GOOD if known and self.time.ungraded else self._no_effectiveness


async def key_figures(
    conn: Connection, book: RateBook, query: KpiQuery, now: datetime
) -> list[KpiRow]:
    """The rows in the order of their dimensions. Lines without units and stops have no row.

    Open stops count until `now`. Sums are divided; ratios are never averaged. One snapshot.
    """
    rows: dict[tuple[str, ...], KpiRow] = {}
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        for plant, site in sorted(book.sites.items()):
            if query.plant in (None, plant):
                with localcontext(MONEY):
                    await _Plant(conn, book, query, plant, site, now).add_to(rows)
    return [rows[key] for key in sorted(rows)]


async def total(conn: Connection, book: RateBook, query: KpiQuery, now: datetime) -> KpiRow | None:
    """The key figures of all rows together; None without rows."""
    rows = await key_figures(conn, book, replace(query, by=()), now)
    return rows[0] if rows else None


class _Plant:
    """The figures that one plant adds to the rows."""

    def __init__(
        self, conn: Connection, book: RateBook, query: KpiQuery, plant: str, site: Site,
        now: datetime,
    ) -> None:  # fmt: skip
        self._conn, self._query = conn, query
        self._plant, self._site, self._now = plant, site, now
        calendar = site.calendar
        today = calendar.bucket(now).day
        first = today if query.start is None else query.start
        self._start = _instant(first, calendar)
        self._end = now if query.end is None else min(_instant(query.end, calendar), now)
        self._rates = book.ideal_rates(plant, self._end)

    async def add_to(self, rows: dict[tuple[str, ...], KpiRow]) -> None:
        if self._end <= self._start:
            return
        stopped = {} if self._query.of_product else await self._stopped()
        units = await self._units(stopped)
        for row in units:
            shown = self._row(rows, row["line"] or "", row["product"] or "", row["group"] or "")
            shown.units.add(_graded(row))
        if self._query.of_product:
            return
        self._add_times(rows, units, stopped)
        for row in await self._conn.fetch(
            *_SQL.repaired(
                plant=self._plant, line=self._query.line, start=self._start, end=self._end
            )
        ):
            self._row(rows, row["line"], "").repairs.add(row["stops"], row["seconds"])

    def _add_times(
        self, rows: dict[tuple[str, ...], KpiRow], units: list[Any],
        stopped: dict[str, dict[str, Decimal]],
    ) -> None:  # fmt: skip
        lines: dict[str, Units] = {line: Units() for line in stopped}
        others = None
        for row in units:
            if row["line"] is None:
                others = row
            else:
                lines.setdefault(row["line"], Units()).add(_graded(row))
        for line, of in lines.items():
            self._add_time(self._row(rows, line, ""), line, of, stopped.get(line, {}))
        if others is not None:
            self._add_others(self._row(rows, "", ""), others)

    def _add_others(self, row: KpiRow, others: Any) -> None:
        """Add the lines without an ideal rate that had no stops."""
        row.without_rate |= set(others["names"])
        row.more_without_rate += others["others"] - len(others["names"])
        row.time.add(Busy(self._lasted * others["others"]))

    def _row(
        self, rows: dict[tuple[str, ...], KpiRow], line: str, product: str, group: str = ""
    ) -> KpiRow:
        values = {"plant": self._plant, "line": line, "product": product, "group": group}
        dims = {name: values[name] for name in self._query.by}
        start, end = (at.astimezone(self._site.calendar.zone) for at in (self._start, self._end))
        row = rows.setdefault(
            tuple(dims.values()), KpiRow(dims, start, end, self._query.of_product)
        )
        if (row.start, row.end) != (start, end):
            row.start = row.end = None
        return row

    async def _units(self, apart: Iterable[str]) -> list[Any]:
        """The rows of `units`. Lines are together if they need no row: neither for the answer, nor
        for their time (lines with an ideal rate, and the lines to keep `apart`)."""
        query = self._query
        lines = None if "line" in query.by else [*self._rates, *apart]
        grouped = ("group",) if query.grouping else ()
        scope = Scope(
            self._plant, query.line, query.product, by=("plant", "line", "product", *grouped),
            group=query.group, grouping=query.grouping,
        )  # fmt: skip
        parts = parts_of(self._site.calendar, self._start - _INSTANT, self._end - _INSTANT)
        window = parts.window([self._plant], scope)
        rows: list[Any] = await self._conn.fetch(
            *_MONEY.of(None, query.grouping).units(
                **window,
                lines=lines,
                by_product=query.product is not None or "product" in query.by,
                by_group=bool(grouped),
            )
        )
        return rows

    @property
    def _lasted(self) -> Decimal:
        return Decimal((self._end - self._start) // _INSTANT) / 1_000_000

    def _add_time(self, row: KpiRow, line: str, units: Units, stood: dict[str, Decimal]) -> None:
        planned = max(self._lasted - stood.get("planned_stop", ZERO), ZERO)
        stopped = stood.get("downtime", ZERO)
        rate = self._rates.get(line)
        if rate is None:
            row.without_rate.add(line)
            row.time.add(Busy(planned, stopped))
        else:
            row.time.add(busy(planned, stopped, units, rate))

    async def _stopped(self) -> dict[str, dict[str, Decimal]]:
        """The stopped seconds of each line, by element; open stops count until now."""
        opened: dict[str, list[Stop]] = {}
        for one in await open_stops(self._conn, self._now, self._plant, self._query.line):
            if one.stop.started_at < self._end:
                opened.setdefault(one.line, []).append(one.stop)
        rows = await self._conn.fetch(
            *_SQL.stopped_lines(
                plant=self._plant, line=self._query.line, start=self._start, end=self._end
            )
        )
        lines = sorted({row["line"] for row in rows} | opened.keys())
        spans = {(self._plant, line): self._span(opened.get(line, [])) for line in lines}
        ended = await stops_of_lines(self._conn, spans)
        return {
            line: self._stood([*opened.get(line, []), *ended[self._plant, line]]) for line in lines
        }

    def _span(self, opened: Iterable[Stop]) -> tuple[datetime, datetime]:
        return min([self._start, *(stop.started_at for stop in opened)]), self._end

    def _stood(self, stops: list[Stop]) -> dict[str, Decimal]:
        """The stopped seconds of a line with these stops, by element."""
        seconds: dict[str, Decimal] = {}
        lasting = stops_until(stops, self._now)
        for part in segments(lasting, self._site.calendar, self._start, self._end):
            name = element(part.stop)
            seconds[name] = seconds.get(name, ZERO) + part.seconds
        return seconds


def _graded(row: Any) -> Units:
    """The units of a row of `units`, whose products know their good units in the same way."""
    return Units(*(row[name] for name in _SUMS)).graded()


_SUMS = ("produced", "good", "ungraded", "scrapped", "reworked")


def edges(start: str, end: str, zone: tzinfo) -> tuple[Edge, Edge]:
    """Days or instants as people write them; an empty text is None.

    Raises `ValueError` if a text is neither, or if the second edge is not after the first.
    """
    first, last = (_edge(text, zone) for text in (start, end))
    if last is not None and first is None:
        raise ValueError("to: add from")
    if isinstance(first, datetime) == isinstance(last, datetime):
        in_order(first, last)
    return first, last


def _edge(text: str, zone: tzinfo) -> Edge:
    return edge(text, "hour" if "T" in text or " " in text else "day", zone)


def _instant(at: datetime | date, calendar: Any) -> datetime:
    if isinstance(at, datetime):
        return at
    found: datetime = calendar.start_of(at)
    return found


def row_json(row: KpiRow) -> dict[str, Any]:
    """All fields of a row. Ratios are exact to nine decimals, and null if unknown, with
    `reasons`."""
    units, time = row.units, row.time
    timed = not row.of_product
    return {
        "from": row.start, "to": row.end,
        **{name: value or None for name, value in row.dims.items()},
        **{name: getattr(row, name) for name in RATIOS},
        "mean_time_to_repair": _seconds(row.mean_time_to_repair),
        "repaired_stops": row.repairs.stops if timed else None,
        "produced": units.produced, "good": None if units.ungraded else units.good,
        "scrapped": units.scrapped, "reworked": units.reworked,
        "planned_seconds": time.planned if timed else None,
        "stopped_seconds": time.stopped if timed else None,
        "running_seconds": time.running if timed else None,
        "reasons": row.reasons,
    }  # fmt: skip


def _seconds(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(round(value, 6)))


COLUMNS = (
    "from", "to", *DIMENSIONS, *RATIOS, "mean_time_to_repair", "repaired_stops", "produced",
    "good", "scrapped", "reworked", "planned_seconds", "stopped_seconds", "running_seconds",
    "reasons",
)  # fmt: skip


def missing_reasons(rows: Iterable[KpiRow]) -> Iterator[str]:
    """Each reason once, for people: `no OEE: …`."""
    seen: set[str] = set()
    for row in rows:
        for name, reason in row.reasons.items():
            text = f"No {name.replace('_', ' ')}: {reason}."
            if text not in seen:
                seen.add(text)
                yield text
