"""Repricings as JSON, for commands and the API."""

from collections.abc import Iterable
from typing import Any

from copq.repricing.changes import Change
from copq.repricing.planning import Plan
from copq.repricing.runs import Run


def plan_json(found: Plan) -> dict[str, Any]:
    """What a repricing would change, by plant, product and month."""
    return {
        "revision": found.revision, "events": found.seen, "unpriced": found.unpriced,
        "dropped": found.dropped, "changes": list(map(change_json, found.changes)),
    }  # fmt: skip


def run_json(run: Run, changes: Iterable[Change]) -> dict[str, Any]:
    """A repricing, and what it has changed."""
    asked = {"plant": run.asked.plant, "product": run.asked.product, "from": run.asked.first,
             "to": run.asked.until}  # fmt: skip
    alike = ("revision", "started_at", "started_by", "why", "total", "unpriced", "dropped", "state",
             "ended_at")  # fmt: skip
    return {
        "repricing": run.repricing_id, "asked": asked, "events": run.seen,
        **{name: getattr(run, name) for name in alike},
        "changes": list(map(change_json, changes)),
    }  # fmt: skip


def change_json(c: Change) -> dict[str, Any]:
    return {
        "plant": c.plant, "product": c.product or None, "month": f"{c.month:%Y-%m}",
        "currency": c.currency, "cost": c.kind, "events": c.events, "net_before": c.reversed,
        "net_after": c.booked, "difference": c.delta, "base": c.base,
    }  # fmt: skip
