"""Pareto: what costs most by stage, code and element, and what has been so far of open stops."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection

from services.costing.price import MONEY, SIXTY, ZERO, quotient
from services.rates.book import RateBook
from services.reporting.accrual import Accrued, accrue, cost_by_stop, open_stops
from services.reporting.board.view import View
from services.reporting.drivers import Days, Loss, losses
from services.reporting.figures import Scope

KINDS = ("stage", "defect_code", "element")
SHOWN = 8
"""Bars of a Pareto; the rest is one bar more."""


async def paretos(
    conn: Connection, book: RateBook, view: View, since: Any, until: Any
) -> dict[str, Any]:
    """Each kind's losses in the production days [since, until), the dearest first."""
    days = Days(since, until, view.plant, view.line, view.calendar)
    every = await losses(conn, book, days, view.now)
    found = [loss for loss in every if loss.currency == view.currency]
    return {kind: _pareto(found, kind) for kind in KINDS}


def _pareto(found: Iterable[Loss], kind: str) -> list[dict[str, Any]]:
    nets: dict[str | None, Decimal] = defaultdict(Decimal)
    with localcontext(MONEY):
        for loss in found:
            nets[getattr(loss, kind)] += loss.net
        ranked = sorted(nets.items(), key=lambda item: (-item[1], item[0] or ""))
        ranked = [(name, net) for name, net in ranked if net > 0]
        rest = sum((net for _, net in ranked[SHOWN:]), ZERO)
        whole = sum((net for _, net in ranked), ZERO)
        bars = [_bar(name, net, whole) for name, net in ranked[:SHOWN]]
        if rest:
            bars.append({**_bar(None, rest, whole), "others": len(ranked) - SHOWN})
        added = ZERO
        for bar in bars:
            added += bar["net"]
            bar["cumulative_share"] = quotient(added, whole)
    return bars


def _bar(name: str | None, net: Decimal, whole: Decimal) -> dict[str, Any]:
    return {"name": name, "net": net, "share": quotient(net, whole), "others": 0}


async def ticking(conn: Connection, book: RateBook, view: View) -> list[dict[str, Any]]:
    """The stops that are open now, with what each adds a minute while it goes on."""
    scope = Scope(view.plant, view.line)
    accrued = await accrue(conn, book, scope, view.now)
    costs = cost_by_stop(accrued)
    return [
        {
            "event_id": found.stop.event_id, "line": found.line,
            "work_unit": found.stop.work_unit, "defect_code": found.stop.defect_code,
            "started_at": found.stop.started_at, "planned": found.stop.planned,
            "cost": costs.get(found.stop.event_id, ZERO), "currency": found.stop.currency,
            "per_minute": _per_minute(accrued, found.stop.event_id, view),
        }
        for found in await open_stops(conn, view.now, view.plant, view.line)
    ]  # fmt: skip


def _per_minute(accrued: list[Accrued], event_id: str, view: View) -> Decimal:
    """Its rate where the line's time is its own now; time that stops share costs once."""
    owns = any(
        part.sign > 0 and part.segment.end == view.now and part.segment.stop.event_id == event_id
        for part in accrued
    )
    stop = next((p.segment.stop for p in accrued if p.segment.stop.event_id == event_id), None)
    return quotient(stop.per_hour, SIXTY) if owns and stop is not None else ZERO
