"""Where a click leads: from a figure to its line, to its entries, to an event as received.

Names may hold any sign: those of a row are encoded by `percentencode`, what is chosen at the top
by `queryparam`, which is `var-plant=…` once for each plant.
"""

from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

BEHIND_ID = 100
"""The panel of entries on *Line and product*, and on *Cost of quality*."""

_CHOSEN = "${plant:queryparam}&${currency:queryparam}"
_TIME = "${__url_time_range}"


def link(title: str, url: str) -> Any:
    return dashboard.DashboardLink(title).type(models.DashboardLinkType.LINK).url(url)


def cell(name: str) -> str:
    """What a row says in a column, encoded."""
    return f"${{__data.fields.{name}:percentencode}}"


def label(name: str) -> str:
    """What a series has as a label, encoded."""
    return f"${{__field.labels.{name}:percentencode}}"


def to_lines(window: str) -> Any:
    """To the lines chosen, with a window."""
    return link("What it is made of", f"/d/copq-line?{_CHOSEN}&var-window={window}&{_TIME}")


def to_line(window: str, named: Any = cell) -> Any:
    """To the line of a row, or with `named=label` of a series."""
    of = f"var-plant={named('plant')}&var-line={named('line')}"
    url = f"/d/copq-line?{of}&${{currency:queryparam}}&var-window={window}&{_TIME}"
    return link("The line, and the events behind it", url)


def to_plant(window: str, named: Any = label) -> Any:
    """To the plant of a series, or with `named=cell` of a row."""
    of = f"var-plant={named('plant')}&${{currency:queryparam}}"
    return link("The plant's lines", f"/d/copq-line?{of}&var-window={window}&{_TIME}")


def all_plants(window: str) -> Any:
    """To all lines, with a window."""
    url = f"/d/copq-line?var-plant=$__all&var-line=$__all&var-window={window}&{_TIME}"
    return link("All lines, by currency", url)


def _behind(narrowed: str = "") -> Any:
    chosen = f"{_CHOSEN}&${{line:queryparam}}&${{window:queryparam}}"
    product = narrowed or "${product:queryparam}"
    url = f"/d/copq-line?{chosen}&{product}&{_TIME}&viewPanel={BEHIND_ID}"
    return link("The events behind it", url)


BEHIND = _behind()
BEHIND_PRODUCT = _behind(f"var-product={label('product')}")
EVENT = link(
    "The event, and how it was priced",
    f"${{board:raw}}/?plant={cell('plant')}&event={cell('event_id')}",
)
MONTH = link(
    "The entries of the month",
    f"/d/copq-finance?{_CHOSEN}&var-month={cell('month')}&viewPanel={BEHIND_ID}",
)
MONTH_CHOSEN = link(
    "The entries of the month",
    f"/d/copq-finance?{_CHOSEN}&${{month:queryparam}}&viewPanel={BEHIND_ID}",
)
PLANT_ON_BOARD = link("The plant on the board", f"${{board:raw}}/?plant={cell('plant')}")
PROJECTS = link("The projects on the board", "${board:raw}/projects")
PROJECT = link(
    "The project on one sheet", f"${{board:raw}}/projects/{cell('plant')}/{cell('project')}"
)
UNPRICED = link("What is without a price", "/d/copq-finance")
PIPELINE = link("Pipeline", "/d/copq-pipeline")
ALERTS = link("The alerts", "/alerting/list")
