"""The bridge of a project's month, from its kept days; and its versions."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.project_series import DailySeries, bounds, daily_series
from copq.figures.project_watch import Watched, running_on, sharing
from copq.improvement.projects.plan import add_months
from copq.improvement.projects.running import Span
from copq.improvement.savings.bridge import Bridge, Effect, NoBaseline, Side
from copq.improvement.savings.measured import (
    CellName,
    Cells,
    Measured,
    Place,
    SharesOf,
    bridge_of,
    results,
)
from copq.ledger.arithmetic import ZERO
from copq.projects.evidence import baseline_of
from copq.projects.store import Shares, accepted_amounts, evidence, shares, substitutes

_SQL = Queries.of(__file__)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigures:
    """A month's bridge in the digits of the currency: `baseline` and the effects are `actual`.

    `low` and `high` bound the saving in 90 % of cases; None where there are too few days.
    """

    month: date
    days: int
    baseline: Decimal
    actual: Decimal
    volume: Decimal
    mix: Decimal
    rates: Decimal
    non_routine: Decimal
    without_baseline: Decimal
    performance: Decimal
    gross: Decimal
    net: Decimal
    low: Decimal | None
    high: Decimal | None
    is_demonstrated: bool | None
    left_as_booked: int

    @property
    def overlap(self) -> Decimal:
        return self.gross - self.net

    @property
    def residual(self) -> Decimal:
        effects = (getattr(self, effect) for effect in Effect)
        return self.actual - self.baseline - sum(effects, ZERO)


class NotComparable(ValueError):
    """A month, or a baseline, that no bridge leads to; the text says why."""


@dataclass(frozen=True, slots=True)
class _Decided:
    """What was decided for the projects of a plant: accepted amounts by project and month,
    substitutes by project, and shares."""

    amounts: Mapping[tuple[int, date], Mapping[str, Decimal]]
    substitutes: Mapping[int, Mapping[Place, Place]]
    shares: Sequence[Shares]

    def shares_in(self, month: date) -> SharesOf:
        return {frozenset(own.shares): own.shares for own in self.shares if own.from_month <= month}


async def _read_decided(conn: Connection, found: Sequence[Watched]) -> _Decided:
    ids = [one.id for one in found]
    like: dict[int, dict[Place, Place]] = defaultdict(dict)
    for own in await substitutes(conn, ids):
        if own.decision == "accepted":
            like[own.project][own.line, own.product] = own.like_line, own.like_product
    plant = found[0].project.plant if found else None
    return _Decided(await accepted_amounts(conn, ids), like, await shares(conn, plant))


@dataclass(slots=True)
class PlantMonths:
    """Computes months of one plant's projects. It reads each baseline once."""

    conn: Connection
    found: Sequence[Watched]
    _baselines: dict[int, Cells] = field(default_factory=dict)
    _baseline_days: dict[int, tuple[Mapping[Place, Place], DailySeries]] = field(
        default_factory=dict
    )
    _decided: _Decided | None = None

    def forget_decisions(self) -> None:
        """Read again what was decided. Call it when the inputs of a figure were read, before it is
        computed: then no figure lacks a decision that its inputs count."""
        self._decided = None

    async def figures(self, one: Watched, month: date) -> MonthFigures:
        """The bridge of a month so far. Raises `NotComparable`."""
        read = await self._days_read(one, month)
        near = sharing(one, self.found)
        own = [await self._measured(other, month) for other in near]
        [asked] = [other for other in own if other.project == one.id]
        try:
            bridge = bridge_of(asked)
        except NoBaseline as error:
            raise NotComparable(str(error)) from error
        days = {day for other in own for day in other.days}
        running, currency = running_on(days, self._named_by(near)), one.freeze.currency
        shares_of = (await self._decisions()).shares_in(month)
        result = results(own, running, shares_of, currency)[one.id]
        shown = bridge.rounded(currency, result.gross)
        effects: dict[str, Any] = {str(effect): shown.effects[effect] for effect in Effect}
        return MonthFigures(
            month=month, days=len(asked.days), baseline=shown.baseline, actual=shown.actual,
            **effects, gross=result.gross,
            net=result.net, left_as_booked=read["left_as_booked"],
            **await self._bounds(one, asked),
        )  # fmt: skip

    def _named_by(self, near: Sequence[Watched]) -> list[Watched]:
        """These projects, and those that their cells may name: all that matter to their bridges."""
        numbers = {number for one in near for number in (one.id, *one.others)}
        return [one for one in self.found if one.id in numbers]

    async def exact(self, one: Watched, month: date) -> tuple[Measured, Bridge]:
        """What was measured of a month, and its bridge before rounding. Raises `NoBaseline`."""
        own = await self._measured(one, month)
        return own, bridge_of(own)

    async def _days_read(self, one: Watched, month: date) -> Record:
        plan = one.project.plan
        before = [Span(plan.baseline_first, plan.baseline_last)]
        own = spans_of_month(one, month)
        for spans, what in ((before, "the baseline"), (own, f"{month:%Y-%m}")):
            firsts, lasts = [span.first for span in spans], [span.last for span in spans]
            read = await self.conn.fetchrow(
                *_SQL.days_read(project=one.id, firsts=firsts, lasts=lasts)
            )
            if read["other_currencies"]:
                raise NotComparable(
                    f"{what} has losses in {', '.join(read['other_currencies'])}, the project is "
                    f"in {one.freeze.currency}"
                )
        return read

    async def _measured(self, one: Watched, month: date) -> Measured:
        decided = await self._decisions()
        days = await self._running_days(one, month, last_of(month))
        return Measured(
            project=one.id, approved_at=one.freeze.frozen_at,
            baseline_months=one.project.plan.baseline_months, baseline=await self._baseline(one),
            days=days, accepted=decided.amounts.get((one.id, month), {}),
            substitutes=decided.substitutes.get(one.id, {}),
        )  # fmt: skip

    async def _decisions(self) -> _Decided:
        if self._decided is None:
            self._decided = await _read_decided(self.conn, self.found)
        return self._decided

    async def _running_days(self, one: Watched, first: date, last: date) -> Mapping[date, Cells]:
        """Its days on which it runs, from the first to the last."""
        found = await self._days(one, Span(max(first, one.project.plan.starts), last))
        return {day: cells for day, cells in found.items() if one.runs_on(day)}

    async def _days(self, one: Watched, of: Span) -> Mapping[date, Cells]:
        query = _SQL.cells_of_days(projects=[one.id], first=of.first, last=of.last)
        found: dict[date, dict[CellName, Side]] = defaultdict(dict)
        for row in await self.conn.fetch(*query):
            found[row["day"]][_name(row)] = _side(row)
        return found

    async def _baseline(self, one: Watched) -> Cells:
        if one.id not in self._baselines:
            plan = one.project.plan
            rows = await self.conn.fetch(*_SQL.cells_of_baseline(
                project=one.id, first=plan.baseline_first, last=plan.baseline_last
            ))  # fmt: skip
            text = await evidence(self.conn, one.id)
            assert text is not None
            frozen = {
                (cell.line, cell.product): Side(
                    booked=cell.booked, at_frozen_rates=cell.at_frozen_rates,
                    exposure=cell.exposure,
                )
                for cell in baseline_of(text).cells
            }  # fmt: skip
            self._baselines[one.id] = frozen_cells({_name(r): _side(r) for r in rows}, frozen)
        return self._baselines[one.id]

    async def _bounds(self, one: Watched, own: Measured) -> dict[str, Any]:
        """The interval of the saving over production days."""
        return bounds(own, await self.baseline_days(one), one.freeze.currency)

    async def baseline_days(self, one: Watched) -> DailySeries:
        """The days of a project's baseline, with the substitutes that are accepted now."""
        like = (await self._decisions()).substitutes.get(one.id, {})
        kept = self._baseline_days.get(one.id)
        if kept is None or kept[0] != like:
            plan = one.project.plan
            of = Span(plan.baseline_first, plan.baseline_last)
            own = await self._measured(one, plan.starts.replace(day=1))
            kept = like, daily_series(own, await self._days(one, of), {})
            self._baseline_days[one.id] = kept
        return kept[1]

    async def since_start(self, one: Watched, until: date) -> DailySeries:
        """All days on which a project ran, from its start until before a day."""
        starts, last = one.project.plan.starts, until - _DAY
        own, months = await self._measured(one, starts.replace(day=1)), running_months(one, last)
        amounts = (await self._decisions()).amounts
        accepted = {
            max(month, starts): sum(amounts[one.id, month].values(), ZERO)
            for month in months
            if (one.id, month) in amounts
        }
        return daily_series(own, await self._running_days(one, starts, last), accepted)


def frozen_cells(split: Cells, frozen: Mapping[Place, Side]) -> Cells:
    """The frozen baseline, split by other projects as the ledger splits it.

    Where the ledger's sum of a place is another than what is frozen (bytes that a retention has
    dropped cannot be priced again), each part has its share of what is frozen.
    """
    sums: dict[Place, Decimal] = defaultdict(Decimal)
    for (line, product, _), side in split.items():
        sums[line, product] += side.at_frozen_rates
    found: dict[CellName, Side] = {}
    for place, whole in frozen.items():
        parts = {name: side for name, side in split.items() if name[:2] == place}
        if sums[place] == whole.at_frozen_rates:
            found |= parts
        found[*place, ()] = whole if sums[place] != whole.at_frozen_rates else _own(parts, whole)
    return found


def _own(parts: Mapping[CellName, Side], whole: Side) -> Side:
    """The part that no other project holds, with the exposure and what is left of the booked."""
    shared = [side for name, side in parts.items() if name[2]]
    return Side(
        booked=whole.booked - sum((side.booked for side in shared), ZERO),
        at_frozen_rates=whole.at_frozen_rates - sum((s.at_frozen_rates for s in shared), ZERO),
        exposure=whole.exposure,
    )


def spans_of_month(one: Watched, month: date) -> list[Span]:
    """The days of a month on which the project runs."""
    return one.spans_of(month, last_of(month))


def last_of(month: date) -> date:
    """The last day of a month."""
    return add_months(month, 1) - _DAY


def _name(row: Record) -> CellName:
    return row["line"], row["product"], tuple(row["others"])


def _side(row: Record) -> Side:
    return Side(
        booked=row["booked"], at_frozen_rates=row["at_frozen_rates"], exposure=row["exposure"]
    )


def running_months(one: Watched, until: date) -> Iterable[date]:
    """The first days of the months in which the project runs, up to that of a day."""
    month = one.project.plan.starts.replace(day=1)
    while month <= min(until, one.ends):
        if spans_of_month(one, month):
            yield month
        month = add_months(month, 1)


@dataclass(frozen=True, slots=True)
class Version:
    """A kept version of a month, and when it was computed. Where the month can no longer be
    compared, nothing is `known` of it, and `reason` says why."""

    number: int
    computed_at: Any
    known: MonthFigures | None
    reason: str | None = None

    @property
    def figures(self) -> MonthFigures:
        """Raises `NotComparable`."""
        if self.known is None:
            raise NotComparable(self.reason)
        return self.known


_FIGURES = tuple(MonthFigures.__dataclass_fields__)


def version_of(row: Record) -> Version:
    figures = None
    if row["reason"] is None:
        figures = MonthFigures(**{name: row[name] for name in _FIGURES})
    return Version(row["version"], row["computed_at"], figures, row["reason"])


async def newest_versions(conn: Connection, project: int) -> dict[date, Version]:
    rows = await conn.fetch(*_SQL.newest_months(project=project))
    return {row["month"]: version_of(row) for row in rows}


async def first_versions(conn: Connection, project: int) -> dict[date, Version]:
    """What was first reported: only months that were closed have it."""
    rows = await conn.fetch(*_SQL.first_reported_months(project=project))
    return {row["month"]: version_of(row) for row in rows}


async def keep_months(conn: Connection, months: PlantMonths, until: date) -> int:
    """Compute the months of a plant's projects that were over before `until`, if something that
    they follow from has changed; return how many these are. A version is added where a figure
    differs."""
    over = {
        one.id: [month for month in running_months(one, until) if last_of(month) < until]
        for one in months.found
    }
    stale = await changed_months(conn, months.found, over)
    months.forget_decisions()
    for one in months.found:
        newest = await newest_versions(conn, one.id) if one.id in stale else {}
        for month, inputs in stale.get(one.id, {}).items():
            async with conn.transaction():
                await _keep(conn, months, one, month, inputs, newest.get(month))
    return sum(map(len, stale.values()))


async def changed_months(
    conn: Connection, found: Sequence[Watched], months: Mapping[int, Sequence[date]]
) -> dict[int, dict[date, str]]:
    """Those of these months of projects, all of one plant, whose bridge follows from something else
    than when it was computed; with what it follows from."""
    asked = [
        {"project": one.id, "months": [str(month) for month in months[one.id]],
         "sharing": [own.id for own in sharing(one, found)],
         "steps": sum(len(own.project.steps) for own in sharing(one, found))}
        for one in found if months.get(one.id)
    ]  # fmt: skip
    lasts = [{"project": one.id, "last": str(one.project.plan.baseline_last)} for one in found]
    changed: dict[int, dict[date, str]] = defaultdict(dict)
    if asked:
        query = _SQL.changed_months(
            plant=found[0].project.plant, projects=json.dumps(asked), baselines=json.dumps(lasts)
        )
        for row in await conn.fetch(*query):
            changed[row["project"]][row["month"]] = row["inputs"]
    return changed


async def _keep(
    conn: Connection, months: PlantMonths, one: Watched, month: date, inputs: str,
    newest: Version | None,
) -> None:  # fmt: skip
    number = newest.number + 1 if newest else 1
    try:
        figures = await months.figures(one, month)
        if newest is None or newest.known != figures:
            await conn.execute(*_SQL.add_month(project=one.id, version=number, **asdict(figures)))
    except NotComparable as error:
        if newest is not None and newest.reason != str(error):
            await conn.execute(*_SQL.add_month_without(
                project=one.id, month=month, version=number, reason=str(error)
            ))  # fmt: skip
    await conn.execute(*_SQL.keep_month_inputs(project=one.id, month=month, inputs=inputs))
