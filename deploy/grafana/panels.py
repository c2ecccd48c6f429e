"""The kinds of panel that the dashboards are made of, and the variables they share."""

from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.builders import bargauge, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

FIGURES = models.DataSourceRef(type_val="prometheus", uid="copq-prometheus")
LEDGER = models.DataSourceRef(type_val="grafana-postgresql-datasource", uid="copq-postgres")

SHARE, MONEY, SECONDS, COUNT = "percentunit", "none", "s", "none"


class SqlQuery(variants.Dataquery):
    """A query of the ledger, as Grafana's Postgres data source takes it."""

    def __init__(self, sql: str, ref_id: str = "A") -> None:
        self._sql, self._ref_id = sql, ref_id

    def to_json(self) -> dict[str, object]:
        return {
            "datasource": LEDGER, "refId": self._ref_id, "rawSql": self._sql, "rawQuery": True,
            "format": "table", "editorMode": "code",
        }  # fmt: skip

    def dataquery_type(self) -> str:
        return "sql"


class Sql(Builder[variants.Dataquery]):
    def __init__(self, sql: str) -> None:
        self._sql = sql

    def build(self) -> variants.Dataquery:
        return SqlQuery(self._sql)


def figure(expression: str, legend: str = "", *, ref: str = "A", now: bool = False) -> Any:
    """A query of Prometheus; `now` asks for the newest value alone."""
    query = prometheus.Dataquery().datasource(FIGURES).expr(expression).ref_id(ref)
    if now:
        query = query.instant().format(PromQueryFormat.TABLE)
    return query.legend_format(legend) if legend else query


def thresholds(*steps: tuple[float | None, str]) -> Any:
    found = [models.Threshold(value=value, color=color) for value, color in steps]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(found)


OF_TARGET = thresholds((None, "text"), (0.8, "semi-dark-orange"), (1, "semi-dark-red"))
"""Of a ratio to its target: the target itself is data, so one threshold serves all."""


def one(title: str, expression: str, unit: str, says: str, limits: Any = None) -> Any:
    """One figure, large."""
    panel = (
        stat.Panel().title(title).description(says).datasource(FIGURES).unit(unit).height(4).span(4)
        .with_target(figure(expression)).no_value("no base, or nothing reported")
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(limits or thresholds((None, "text")))
    )  # fmt: skip
    return panel


def course(title: str, unit: str, says: str, *queries: tuple[str, str], span: int = 12) -> Any:
    """Over time, from nought."""
    panel = (
        timeseries.Panel().title(title).description(says).datasource(FIGURES).unit(unit).min(0)
        .height(8).span(span)
    )  # fmt: skip
    for ref, (expression, legend) in zip("ABCDEF", queries, strict=False):
        panel = panel.with_target(figure(expression, legend, ref=ref))
    return panel


def ranked(title: str, expression: str, legend: str, unit: str, says: str) -> Any:
    """Sorted bars, the largest first."""
    return (
        bargauge.Panel().title(title).description(says).datasource(FIGURES).unit(unit).min(0)
        .height(8).span(12).with_target(figure(expression, legend))
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
    )  # fmt: skip


def beside(
    title: str, says: str, *queries: tuple[str, str], link: tuple[str, str] | None = None
) -> Any:
    """A row for each line, a column for each query; a click leads to what is behind it."""
    panel = table.Panel().title(title).description(says).datasource(FIGURES).height(9).span(24)
    names = {}
    for ref, (expression, name) in zip("ABCDEFGH", queries, strict=False):
        panel = panel.with_target(figure(expression, ref=ref, now=True))
        names[f"Value #{ref}" if len(queries) > 1 else "Value"] = name
    hidden = dict.fromkeys(("Time", "scope", "window", "__name__", "instance", "job"), True)
    options = {"renameByName": names, "excludeByName": hidden}
    for transformation in ({"id": "merge", "options": {}}, {"id": "organize", "options": options}):
        panel = panel.with_transformation(models.DataTransformerConfig(**_named(transformation)))
    return panel.data_links([_link(*link)]) if link else panel


def _named(transformation: dict[str, Any]) -> dict[str, Any]:
    return {"id_val": transformation["id"], "options": transformation["options"]}


def entries(title: str, sql: str, says: str) -> Any:
    """Rows of the ledger."""
    panel = table.Panel().title(title).description(says).datasource(LEDGER).height(10).span(24)
    return panel.with_target(Sql(sql))


def _link(title: str, url: str) -> Any:
    return dashboard.DashboardLink(title).type(models.DashboardLinkType.LINK).url(url)


def by_label(name: str, label: str, query: str, *, many: bool = True) -> Any:
    """A variable filled from the figures' labels."""
    variable = (
        dashboard.QueryVariable(name).label(label).datasource(FIGURES).query(query)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
    )  # fmt: skip
    return variable.multi(True).include_all(True).all_value(".*") if many else variable


PLANT = by_label("plant", "Plant", "label_values(copq_failure_cost, plant)")
LINE = by_label("line", "Line", 'label_values(copq_failure_cost{plant=~"$plant"}, line)')
PRODUCT = by_label(
    "product", "Product", 'label_values(copq_cost{plant=~"$plant",line=~"$line"}, product)'
)
CURRENCY = by_label(
    "currency", "Currency", 'label_values(copq_failure_cost{plant=~"$plant"}, currency)', many=False
)
WINDOW = (
    dashboard.CustomVariable("window").label("Window")
    .values("1h,24h,30d,hour,last_hour,day,last_day,month,last_month")
)  # fmt: skip


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
    for panel in panels:
        found = found.with_panel(panel)
    return found.build()
