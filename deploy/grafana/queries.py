"""What panels ask: Prometheus for figures, Postgres for the ledger behind them."""

from typing import Any

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

FIGURES = models.DataSourceRef(type_val="prometheus", uid="copq-prometheus")
LEDGER = models.DataSourceRef(type_val="grafana-postgresql-datasource", uid="copq-postgres")


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


def over_time(expression: str, legend: str, ref: str) -> Any:
    """Every value of the time above."""
    return _query(expression, ref).range().legend_format(legend)


def now(expression: str, legend: str = "") -> Any:
    """The newest value alone: what has ended is gone, and not shown as it last was."""
    query = _query(expression, "A").instant()
    return query.legend_format(legend) if legend else query


def rows(expression: str, ref: str) -> Any:
    """The newest values as a table, with a column for each label."""
    return _query(expression, ref).instant().format(PromQueryFormat.TABLE)


def _query(expression: str, ref: str) -> Any:
    return prometheus.Dataquery().datasource(FIGURES).expr(expression).ref_id(ref)
