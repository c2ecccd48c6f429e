"""A dashboard: its panels, row by row on a grid of 24 columns, and its variables."""

from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

WIDE = 24


def board(
    uid: str, title: str, says: str, variables: Sequence[Any], panels: Sequence[Any],
    since: str = "now-24h",
) -> Any:  # fmt: skip
    """A dashboard, refreshed by itself; the others are linked at its top."""
    others = dashboard.DashboardLink("COPQ").type(models.DashboardLinkType.DASHBOARDS)
    found = (
        dashboard.Dashboard(title).uid(uid).description(says).tags(["copq"]).refresh("30s")
        .time(since, "now").timezone("browser").readonly()
        .link(others.tags(["copq"]).include_vars(True).keep_time(True).as_dropdown(False))
    )  # fmt: skip
    for variable in variables:
        found = found.with_variable(variable)
    _place(panels)
    for panel in panels:
        found = found.with_panel(panel)
    return found.build()


def _place(panels: Sequence[Any]) -> None:
    """One after the other; what does not fit next to the last begins a row. Each has an id."""
    x = y = row = 0
    for number, panel in enumerate(panels, 1):
        built = panel.build()
        built.id_val = built.id_val or number
        at = built.grid_pos
        if x + at.w > WIDE:
            x, y, row = 0, y + row, 0
        at.x, at.y = x, y
        x, row = x + at.w, max(row, at.h)
