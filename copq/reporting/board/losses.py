"""The Paretos (the largest losses by cause, stage, code and element), and the costs of open
stops."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection

from copq.figures.drivers import COMBINATION, Bar, Days, bars
from copq.figures.unpriced import CostlyStop, open_stops_part
from copq.ledger.arithmetic import MONEY, SIXTY, ZERO, quotient
from copq.posting.open_stops import Accrued, OpenStopCosts
from copq.rates.book import RateBook
from copq.reporting.board.view import View

KINDS = {
    "cause": COMBINATION,
    "stage": ("stage",),
    "defect_code": ("defect_code",),
    "element": ("element",),
}
"""The kinds of loss. A cause is a combination, such as stops for UNP-ELEC on the packer."""

SHOWN = 8
"""The number of bars of a Pareto; the rest is one more bar, losses without a name another one."""

STOPS = 50
"""The number of open stops in the list, the most expensive ones."""


async def paretos(
    conn: Connection, book: RateBook, view: View, since: Any, until: Any, opened: OpenStopCosts
) -> dict[str, Any]:
    """The losses of each kind in the production days [since, until), the most expensive first."""
    days = Days(since, until, view.plant, view.line, view.calendar, **view.groups())
    losses = await bars(conn, book, days, view.now, SHOWN, view.currency, opened.accrued)
    return {
        kind: pareto((bar for bar in losses if bar.kind == kind), fields)
        for kind, fields in KINDS.items()
    }


def pareto(losses: Iterable[Bar], fields: tuple[str, ...]) -> list[dict[str, Any]]:
    """The bars with their shares; `of` has the names of a bar, None for the `others` together."""
    shown = [
        {
            "of": None if bar.others else {field: bar.names[field] for field in fields},
            "net": bar.net, "others": bar.others,
        }
        for bar in losses
    ]  # fmt: skip
    return _with_shares(shown)


def _with_shares(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    cumulative = ZERO
    with localcontext(MONEY):
        whole = sum((bar["net"] for bar in shown), ZERO)
        for bar in shown:
            cumulative += bar["net"]
            bar["share"] = quotient(bar["net"], whole)
            bar["cumulative_share"] = quotient(cumulative, whole)
    return shown


def ticking(opened: OpenStopCosts) -> dict[str, Any]:
    """`open_stops`: the most expensive open stops, each with its cost per minute while it
    continues. `open_stops_totals`: the number and the cost so far of all open stops."""
    part = open_stops_part(opened, STOPS)
    shown = {costly.open.stop.event_id for costly in part.stops}
    of_shown = [one for one in opened.accrued if one.segment.stop.event_id in shown]
    return {
        "open_stops": [_ticking(costly, of_shown, opened.now) for costly in part.stops],
        "open_stops_totals": {"stops": part.stops_total, "cost": part.cost},
    }


def _ticking(costly: CostlyStop, accrued: list[Accrued], now: datetime) -> dict[str, Any]:
    line, stop = costly.open.line, costly.open.stop
    return {
        "event_id": stop.event_id, "line": line, "work_unit": stop.work_unit,
        "defect_code": stop.defect_code, "started_at": stop.started_at, "planned": stop.planned,
        "cost": costly.cost, "currency": stop.currency,
        "per_minute": _per_minute(accrued, stop.event_id, now),
    }  # fmt: skip


def _per_minute(accrued: list[Accrued], event_id: str, now: datetime) -> Decimal:
    """The stop's rate per minute if the line's time now belongs to it: shared time costs once."""
    owns = any(
        part.sign > 0 and part.segment.end == now and part.segment.stop.event_id == event_id
        for part in accrued
    )
    stop = next((p.segment.stop for p in accrued if p.segment.stop.event_id == event_id), None)
    return quotient(stop.per_hour, SIXTY) if owns and stop is not None else ZERO
