"""What is chosen at a dashboard's top, and what of it a link carries on."""

from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from copq.database.queries import Queries
from deploy.grafana.queries import FIGURES, LEDGER

_SQL = Queries.of(__file__)

BOARD_ADDRESS = "http://localhost:8081"
"""Of the compose file; see docs/grafana.md."""


def by_label(name: str, label: str, query: str, *, many: bool = True) -> Any:
    """A variable filled from the figures' labels. All of them is `.*`, which an empty one is of."""
    variable = (
        dashboard.QueryVariable(name).label(label).datasource(FIGURES).query(query)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
    )  # fmt: skip
    return variable.multi(True).include_all(True).all_value(".*") if many else variable


def _board() -> Any:
    box = dashboard.TextBoxVariable("board").label("Board").description("Where copq's board is.")
    box.build().query = BOARD_ADDRESS
    return box


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
MONTH = (
    dashboard.QueryVariable("month").label("Month").datasource(LEDGER).query(_SQL.month_names.text)
    .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
)  # fmt: skip
BOARD = _board()
