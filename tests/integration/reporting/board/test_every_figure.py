"""Every figure of the board opens to exactly itself, whatever the history."""

import json
import random
import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from playwright._impl._driver import compute_driver_executable

from copq.rates.store import import_rates
from copq.reporting.board import app
from tests.integration.reporting.board.test_contents import LINES, Clocked
from tests.integration.reporting.board.test_contents import site as site
from tests.support.building import book, event, plant, post_events, production, rates
from tests.support.reporting.api.asking import NOW

STATIC = Path(app.__file__).parent / "static"
SCRIPT = Path(__file__).parents[3] / "support/reporting/board/figures.mjs"
CODES = (None, "burr", "crack", "jam")
EDGES = tuple(map(datetime.fromisoformat, (
    "2026-06-01T04:00:00+00:00", "2026-06-29T04:00:00+00:00", "2026-06-29T12:00:00+00:00",
    "2026-06-30T04:00:00+00:00", "2026-06-30T11:00:00+00:00", "2026-05-30T12:00:00+00:00",
)))  # fmt: skip
"""Where windows of the board begin and end."""


def history(seed: int) -> list[bytes]:
    """Two months: most of it near the edges of windows, and stops that overlap or are open."""
    draw = random.Random(seed)
    events = [_made(draw, f"e{number}") for number in range(80)]
    events += [_stopped(draw, f"s{number}") for number in range(30)]
    taken_back = draw.sample(events, 8)
    sure = production("sure", (NOW - timedelta(hours=3)).isoformat(), 40, good=39)
    return [sure, *map(_raw, events), *(_void(body) for body in taken_back)]


def _near(draw: random.Random) -> datetime:
    edge = draw.choice((*EDGES, NOW, NOW - timedelta(days=draw.randrange(60))))
    return min(edge + timedelta(seconds=draw.randrange(-9000, 9000)), NOW - timedelta(seconds=1))


def _made(draw: random.Random, event_id: str) -> dict[str, Any]:
    kind = draw.choice(("production", "production", "defect", "defect", "scrap", "rework",
                        "complaint", "recovery", "admin_failure"))  # fmt: skip
    body = {"event_id": event_id, "event_type": kind, "line": draw.choice(LINES[:2]),
            "occurred_at": _near(draw).astimezone(UTC).isoformat()}  # fmt: skip
    amount = draw.randrange(1, 90)
    more: dict[str, Any] = {"quantity": amount, "product": "widget"}
    if kind == "production" and body["line"] == "L1":
        more["good"] = amount - 1
    if kind in ("defect", "scrap"):
        more |= {"stage": draw.choice(("S1", "S2")), "defect_code": draw.choice(CODES)}
    if kind in ("complaint", "admin_failure"):
        more = {"minutes": amount}
    if kind == "recovery":
        more = {"out_of_pocket": amount, "credit": draw.choice((0, 90))}
    if kind == "admin_failure":
        more |= {"quantity": 2, "product": "widget"}
    return body | {name: value for name, value in more.items() if value is not None}


def _stopped(draw: random.Random, event_id: str) -> dict[str, Any]:
    start = _near(draw)
    body = {"event_id": event_id, "event_type": "downtime", "line": draw.choice(LINES[:2]),
            "started_at": start.isoformat(), "planned": draw.random() < 0.3}  # fmt: skip
    for name, values in (("work_unit", (None, "M1", "M2")), ("defect_code", CODES)):
        if value := draw.choice(values):
            body[name] = value
    if draw.random() < 0.85:
        body["ended_at"] = (start + timedelta(seconds=draw.randrange(1, 20_000))).isoformat()
    return body


def _raw(body: dict[str, Any]) -> bytes:
    facts = {name: value for name, value in body.items() if name not in ("event_type", "event_id")}
    return event(body["event_type"], body["event_id"], **facts)


def _void(body: dict[str, Any]) -> bytes:
    at = body.get("occurred_at") or body["started_at"]
    return event("correction", f"void-{body['event_id']}", corrects=body["event_id"],
                 occurred_at=at, line=body["line"], reason="wrong")  # fmt: skip


def drawn(said: dict[str, Any]) -> list[dict[str, str]]:
    """The figures that the board's own scripts link to their entries."""
    node, *_ = compute_driver_executable()
    asked = json.dumps({"board": said, "search": ""})
    command = [node, str(SCRIPT), STATIC.as_uri()]
    found = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    figures: list[dict[str, str]] = json.loads(found.stdout)
    return figures


async def opened(site: Clocked, asked: dict[str, str]) -> Decimal:
    """The sum of all that is listed: entries, shares of stops over an edge, and open stops."""
    said = await site.get("/v1/entries", **asked, limit=500)
    assert said["next"] is None
    if asked.get("element") == "production":
        return sum((Decimal(entry["base"]) for entry in said["entries"]), Decimal(0))
    parts = [entry["net"] for entry in said["entries"]]
    parts += [edge["adds"] for edge in said["edges"]]
    parts += [one["net"] for one in said["open_stops"]]
    return sum(map(Decimal, parts), Decimal(0))


VIEWS: tuple[dict[str, str], ...] = (
    {}, {"span": "month", "line": "L1"}, {"day": "2026-06-29", "span": "month"},
    {"day": "2026-06-01", "line": "L2"},
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak)])
async def test_every_figure_opens_to_exactly_itself(conn: Any, site: Clocked, seed: int) -> None:
    await import_rates(conn, rates(plant(lines=LINES), recovery_rate="0.35"), "test", "test")
    whole = book(plant(lines=LINES), recovery_rate="0.35")
    await post_events(conn, whole, history(seed))
    site.shares = {(None, "day"): Decimal("0.03"), (None, "hour"): Decimal("0.03")}
    known: dict[str, Decimal] = {}
    panels: set[str] = set()
    for view in VIEWS:
        for figure in drawn(await site.board(**view)):
            asked = figure["asked"]
            if asked not in known:
                known[asked] = await opened(site, dict(parse_qsl(asked, True)) | {"plant": "north"})
            shown = Decimal(figure["title"].split()[0])
            assert known[asked] == shown, (view, figure)
            panels.add(figure["panel"].split()[0])
    assert panels == {"hour", "today", "month", "kpis", "hours", "lines", "pareto"}
