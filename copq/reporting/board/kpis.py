"""The key figures of the day on the board: OEE, yields, MTTR and unit costs."""

from typing import Any

from copq.figures.books import Reading
from copq.figures.kpi_report import NO_GOOD, NO_UNITS, KpiQuery, key_figures, row_json
from copq.reporting.board.view import ONE_DAY, View

NONE_GOOD = "no unit was good"
UNIT_COSTS = ("copq_per_good", "cost_per_good")


async def kpis_of(reading: Reading, view: View, today: dict[str, Any]) -> dict[str, Any] | None:
    """The answer of `/v1/kpis` for the day, with the unit costs of `today`.

    None if the day has neither units nor stops.
    """
    query = KpiQuery(
        view.plant, view.line, start=view.day, end=view.day + ONE_DAY, by=("plant",),
        **view.groups(),
    )  # fmt: skip
    rows = await key_figures(reading.conn, reading.book, query, reading.now)
    return with_unit_costs(row_json(rows[0]), today) if rows else None


def with_unit_costs(kpis: dict[str, Any], today: dict[str, Any]) -> dict[str, Any]:
    """The key figures and the unit costs, each with the reason if it is unknown."""
    costs = {name: today[name] for name in UNIT_COSTS}
    missing = {name: _why(today) for name, cost in costs.items() if cost is None}
    return {**kpis, **costs, "reasons": {**kpis["reasons"], **missing}}


def _why(today: dict[str, Any]) -> str:
    if today["units"] <= 0:
        return NO_UNITS
    return NO_GOOD if today["good"] is None else NONE_GOOD
