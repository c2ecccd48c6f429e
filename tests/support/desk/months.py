"""What a month needs in a story: files of rates, events of the month, and figures to compare."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.support.desk.office import workbook

FIRST = """\
time_zone: UTC
plants:
  - {plant: north, time_zone: UTC, day_start: "00:00", currency: EUR, lines: [L1, L2]}
cost_tables:
  - product: widget
    effective_from: 2020-01-01
    currency: EUR
    stages: [{stage: S1, raw_material: 10}]
line_rates:
  - {plant: north, line: L1, effective_from: 2020-01-01, rate_per_minute: 2}
"""


def last_month() -> date:
    """The first day of the newest month that has ended."""
    return (datetime.now(UTC).date().replace(day=1) - timedelta(days=1)).replace(day=1)


def cost_table(product: str, raw_material: int | str, since: date) -> bytes:
    """A rate file in Excel, with a table of one stage."""
    table = {
        "product": product, "plant": "north", "effective_from": since.isoformat(),
        "currency": "EUR", "stage": "S1", "raw_material": raw_material,
    }  # fmt: skip
    return workbook(rate_file=[{"time_zone": "UTC"}], cost_tables=[table])


def event(event_id: str, kind: str, at: str, **facts: Any) -> dict[str, Any]:
    """An event on line L1; `at` is its time, that of a stop is among the facts."""
    when = {} if kind == "downtime" else {"occurred_at": at}
    said = {"event_id": event_id, "event_type": kind, "plant": "north", "line": "L1"}
    return {**said, **when, **facts}


def rejects(event_id: str, at: str, quantity: int, product: str = "widget") -> dict[str, Any]:
    return event(
        event_id, "defect", at, product=product, stage="S1", quantity=quantity, defect_code="burr"
    )


def money(text: str | None) -> Decimal | None:
    """An amount, as a page or a command writes it; None where there is none."""
    if text in (None, "–"):
        return None
    return Decimal(text.replace(",", "").replace("\N{MINUS SIGN}", "-").split()[0])
