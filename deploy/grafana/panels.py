"""The kinds of panel that the dashboards are made of."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders import barchart, bargauge, common, stat, table, timeseries
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.common import (
    BigValueTextMode,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)

from deploy.grafana.looks import MONEY, MOST_DECIMALS, Column, Unit, thresholds
from deploy.grafana.queries import FIGURES, LEDGER, Sql, now, over_time, rows

NOTHING = "no base, or nothing reported"
_FIRST = ("plant", "line", "product", "element", "stage", "defect_code", "work_unit", "project",
          "owner", "status")  # fmt: skip
_NEVER = ("Time", "scope", "window", "__name__", "instance", "job")


def one(
    title: str, expression: str, unit: Unit, says: str, *leads: Any, limits: Any = None,
    without: str = NOTHING, legend: str = "",
) -> Any:  # fmt: skip
    """One figure, large, as it is now; `without` is said where there is none, `legend` next to it."""
    panel = (
        stat.Panel().title(title).description(says).datasource(FIGURES).height(4).span(4)
        .unit(unit.name).with_target(now(unit.rounded(expression), legend)).no_value(without)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(limits or thresholds((None, "text"))).data_links(list(leads))
    )  # fmt: skip
    if unit.decimals is not None:
        panel = panel.decimals(unit.decimals)
    return panel.text_mode(BigValueTextMode.VALUE_AND_NAME) if legend else panel


def course(
    title: str, unit: Unit, says: str, *queries: tuple[str, str], leads: Iterable[Any] = ()
) -> Any:
    """Over time, from zero."""
    panel = (
        timeseries.Panel().title(title).description(says).datasource(FIGURES).min(0)
        .unit(unit.name).height(8).span(12).data_links(list(leads)).tooltip(_all_at_once())
    )  # fmt: skip
    for ref, (expression, legend) in zip("ABCDEF", queries, strict=False):
        panel = panel.with_target(over_time(unit.rounded(expression), legend, ref))
    return panel.decimals(MOST_DECIMALS) if unit is MONEY else panel


def ranked(title: str, expression: str, legend: str, says: str, lead: Any) -> Any:
    """Money as sorted bars, the largest first, as of now."""
    return (
        bargauge.Panel().title(title).description(says).datasource(FIGURES).min(0)
        .unit(MONEY.name).decimals(MOST_DECIMALS).height(8).span(12).data_links([lead])
        .with_target(now(f"sort_desc({MONEY.rounded(expression)})", legend))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )  # fmt: skip


class TableColumn(NamedTuple):
    """A column of a table of panels: the query, its heading, and how it is shown."""

    expression: str
    name: str
    column: Column


def side_by_side(title: str, says: str, by: str, *asked: TableColumn, lead: Any) -> Any:
    """A row for each combination of the labels `by`, a column for each query; the first sorts.

    Grafana joins rows whose columns in common are all equal: each query answers `by` alone.
    """
    names = {}
    panel = table.Panel().title(title).description(says).datasource(FIGURES).height(9).span(24)
    for ref, (expression, name, column) in zip("ABCDEFGH", asked, strict=False):
        panel = panel.with_target(rows(f"max by ({by}) ({column.unit.rounded(expression)})", ref))
        panel = panel.override_by_name(name, column.properties())
        names[f"Value #{ref}" if len(asked) > 1 else "Value"] = name
    order = [name for name in _FIRST if name in by.split(", ")] + [*names, "currency"]
    organized = {
        "renameByName": names, "excludeByName": dict.fromkeys(_NEVER, True),
        "indexByName": {name: place for place, name in enumerate(order)},
    }  # fmt: skip
    for kind, options in (("merge", {}), ("organize", organized)):
        panel = panel.with_transformation(models.DataTransformerConfig(kind, options=options))
    largest = common.TableSortByFieldState().display_name(asked[0].name).desc(True)
    return panel.sort_by([largest]).data_links([lead])


def entries(title: str, sql: str, says: str, columns: dict[str, Column], lead: Any) -> Any:
    """Rows of the ledger."""
    panel = table.Panel().title(title).description(says).datasource(LEDGER).height(10).span(24)
    for name, column in columns.items():
        panel = panel.override_by_name(name, column.properties())
    return panel.with_target(Sql(sql)).show_header(True).data_links([lead])


def stacked(title: str, sql: str, x: str, says: str, lead: Any) -> Any:
    """Columns of the ledger's figures, one on the other; `x` is the field below them."""
    return (
        barchart.Panel().title(title).description(says).datasource(LEDGER).unit(MONEY.name).decimals(MOST_DECIMALS)
        .height(10).span(12).with_target(Sql(sql)).x_field(x).stacking(StackingMode.NORMAL)
        .axis_soft_min(0).show_value(VisibilityMode.NEVER).data_links([lead])
        .fill_opacity(80).line_width(1)
        .tooltip(_all_at_once())
    )  # fmt: skip


def waterfall(title: str, sql: str, says: str, lead: Any) -> Any:
    """From one sum to another by steps: stacked columns, of which the lowest is not drawn."""
    hidden = {
        "color": {"mode": "fixed", "fixedColor": "transparent"}, "custom.fillOpacity": 0,
        "custom.lineWidth": 0, "custom.hideFrom": {"legend": True, "tooltip": True, "viz": False},
    }  # fmt: skip
    panel = _override(stacked(title, sql, "step", says, lead), "below", hidden)
    for name, color in (("sum", "blue"), ("more", "dark-blue"), ("less", "#8e8e8e")):
        panel = _override(panel, name, {"color": {"mode": "fixed", "fixedColor": color}})
    return panel


def _all_at_once() -> Any:
    """Pointing at one shows those next to it."""
    return common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI)


def _override(panel: Any, name: str, properties: dict[str, Any]) -> Any:
    return panel.override_by_name(
        name, [models.DynamicConfigValue(known, value) for known, value in properties.items()]
    )
