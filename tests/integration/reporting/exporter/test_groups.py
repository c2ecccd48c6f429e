"""The exporter's figures by product group: those of a report, and bounded."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from copq.access.authority import Actor
from copq.figures.report import ReportQuery, report
from copq.figures.trailing import trailing_windows
from copq.groups.store import import_groups
from copq.ledger.figures import Scope
from copq.rates.store import import_rates, load
from copq.reporting.exporter import figures as f
from copq.reporting.exporter.collector import page_of
from copq.reporting.exporter.groups import MOST_GROUPS, GroupFigures, GroupSums, group_samples
from copq.reporting.exporter.groups import _with_others as with_others
from copq.reporting.exporter.reading import read
from copq.schemas.groups import GroupFile
from tests.support.building import defect, plant, post_events, production, rates, stop

NOW = datetime.fromisoformat("2026-06-30T12:00:00+00:00")
FIGURES = (f.GROUP_FAILURE, f.GROUP_BASE, f.GROUP_UNITS)


async def _group(conn: Any, *items: tuple[str, str, str]) -> None:
    members = [
        {"plant": "north", "product": "widget", "grouping": grouping, "group": group,
         "effective_from": day}
        for grouping, group, day in items
    ]  # fmt: skip
    file = GroupFile.model_validate({"groups": members})
    await import_groups(conn, file, await load(conn), "g.csv", Actor("carla"))


async def _samples(conn: Any, grouping: str | None = None) -> dict[tuple[str, ...], float]:
    reading = await read(conn, await load(conn), NOW, None, grouping)
    page = page_of(reading, 100_000)
    return {(s.figure.name, *s.labels): s.value for s in page.samples if s.figure in FIGURES}


async def test_the_only_grouping_is_exported_with_the_figures_of_reports(conn: Any) -> None:
    sites = (plant(), plant("south", "America/Chicago", "00:00", "USD"))
    await import_rates(conn, rates(*sites), "rates.yaml", "test")
    book = await load(conn)
    for site in sites:
        for number, hours in enumerate((0, 1, 30, 800)):
            at = (NOW - timedelta(hours=hours, minutes=3)).isoformat()
            of = {"plant": site.plant}
            key = f"{site.plant}{number}"
            events = [defect(f"d{key}", at, number + 1, **of), production(f"p{key}", at, 9, **of)]
            await post_events(conn, book, events)
    await post_events(conn, book, [stop("open", (NOW - timedelta(minutes=90)).isoformat())])
    assert await _samples(conn) == {}
    await _group(conn, ("family", "valves", "2026-01-01"), ("family", "cores", "2026-06-30"))
    found = await _samples(conn)
    months = ReportQuery(by=("plant", "group"), grain="month", grouping="family")
    names = {"month": 6, "last_month": 5}
    for window, month in names.items():
        rows = [r for r in await report(conn, book, months, NOW) if r.bucket.month == month]  # type: ignore[union-attr]
        assert _of(found, window) == {
            (r.dims["plant"], r.dims["group"], r.currency): float(r.copq) for r in rows
        }
    scope = Scope(by=("plant", "group"), grouping="family")
    for trailing in await trailing_windows(conn, book, scope, NOW):
        assert _of(found, trailing.window.key) == {
            (r.dims["plant"], r.dims["group"], r.currency): float(r.copq) for r in trailing.rows
        }
    assert {name for _, name, _ in _of(found, "month")} == {"valves", "cores", "no group"}
    await _group(conn, ("customer", "Ford", "2026-01-01"))
    assert await _samples(conn) == {}
    assert await _samples(conn, "family") == found
    assert await _samples(conn, "nothing") == {}


def _of(found: dict[tuple[str, ...], float], window: str) -> dict[tuple[str, ...], float]:
    name = f.GROUP_FAILURE.name
    return {
        (labels[1], labels[3], labels[4]): value
        for labels, value in found.items()
        if (labels[0], labels[5]) == (name, window)
    }


def test_the_smallest_groups_of_a_plant_are_together() -> None:
    sums = {("north", f"g{n}", "EUR"): GroupSums(Decimal(n), Decimal(1)) for n in range(250)}
    shown = with_others({"day": sums})
    assert len(shown["day"]) == MOST_GROUPS + 1
    samples = list(group_samples(GroupFigures("family", shown)))
    total = sum(s.value for s in samples if s.figure is f.GROUP_FAILURE)
    assert total == sum(range(250))
    assert {s.labels[2] for s in samples} >= {"(other)", "g249"}
