"""Pareto: what costs most by cause, stage, code and element; and the cost of open stops so far."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal, localcontext
from typing import Any

from asyncpg import Connection

from services.figures.drivers import Days, Loss, losses
from services.ledger.arithmetic import MONEY, SIXTY, ZERO, quotient
from services.ledger.figures import Scope
from services.posting.open_stops import Accrued, accrue, cost_by_stop, open_stops
from services.rates.book import RateBook
from services.reporting.board.view import View

KINDS = {
    "cause": ("element", "defect_code", "work_unit", "stage"),
    "stage": ("stage",),
    "defect_code": ("defect_code",),
    "element": ("element",),
}
"""How losses are grouped. A cause is a combination, such as stops for UNP-ELEC on the packer."""

SHOWN = 8
"""Bars of a Pareto; the rest is one more bar, and losses without a name another one."""

Name = tuple[str | None, ...]


async def paretos(
    conn: Connection, book: RateBook, view: View, since: Any, until: Any
) -> dict[str, Any]:
    """Each kind's losses in the production days [since, until), the most expensive first."""
    days = Days(since, until, view.plant, view.line, view.calendar)
    every = await losses(conn, book, days, view.now)
    found = [loss for loss in every if loss.currency == view.currency]
    return {kind: pareto(found, fields) for kind, fields in KINDS.items()}


def pareto(found: Iterable[Loss], fields: tuple[str, ...]) -> list[dict[str, Any]]:
    """A bar for each of the largest; then the others together, then losses without a name."""
    nets: dict[Name, Decimal] = defaultdict(Decimal)
    with localcontext(MONEY):
        for loss in found:
            nets[tuple(getattr(loss, field) for field in fields)] += loss.net
        nets = {name: net for name, net in nets.items() if net > 0}
        whole = sum(nets.values(), ZERO)
        nameless = nets.pop((None,) * len(fields), None)
        ranked = sorted(nets.items(), key=lambda item: (-item[1], [name or "" for name in item[0]]))
        bars = [_bar(dict(zip(fields, name, strict=True)), net) for name, net in ranked[:SHOWN]]
        if rest := ranked[SHOWN:]:
            bars.append(_bar(None, sum((net for _, net in rest), ZERO), len(rest)))
        if nameless is not None:
            bars.append(_bar(dict.fromkeys(fields), nameless))
        return _with_shares(bars, whole)


def _bar(of: dict[str, str | None] | None, net: Decimal, others: int = 0) -> dict[str, Any]:
    """`of` is what the bar is grouped by; None for `others` together."""
    return {"of": of, "net": net, "others": others}


def _with_shares(bars: list[dict[str, Any]], whole: Decimal) -> list[dict[str, Any]]:
    cumulative = ZERO
    for bar in bars:
        cumulative += bar["net"]
        bar["share"] = quotient(bar["net"], whole)
        bar["cumulative_share"] = quotient(cumulative, whole)
    return bars


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
