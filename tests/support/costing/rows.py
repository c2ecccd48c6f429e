"""A small plant with round rates, and events of it, for tables of prices."""

import json
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

from copq.ledger.arithmetic import MONEY
from copq.pricing.price import price
from copq.rates.book import RateBook
from copq.rates.file import parse_rates
from copq.rates.store import book_of
from copq.schemas.decode import decode
from copq.schemas.priced import Entry, Pricing

CASES = Path(__file__).parents[2] / "cases"

RATES = """
time_zone: Europe/Berlin
plants:
  - {plant: hamburg, time_zone: Europe/Berlin, day_start: "06:00", currency: EUR,
     lines: [filling, packing, idle]}
  - {plant: lyon, time_zone: Europe/Paris, day_start: "00:00", currency: EUR}
  - {plant: ohio, time_zone: America/New_York, day_start: "00:00", currency: USD}
cost_tables:
  - product: bottle
    effective_from: 2026-01-01
    currency: EUR
    input_raw_material: 4
    stages:
      - {stage: blown, raw_material: 5, labour_overhead: 1, fixed_overhead: 2}
      - {stage: filled, raw_material: 6, labour_overhead: 2, fixed_overhead: 2}
    recovery_rate: 0.5
    recovery_overhead_per_day: 7
    allowed_rejection: 0.1
    rework_in_house: {labour: 1, material: 2, overhead: 3}
    rework_on_site: {labour: 1, material: 2, overhead: 4}
    return_scrap: {price: 12, recovered: 2, recovery_overhead: 1}
    price: 15
    seconds_price: 9
  - {product: cap, effective_from: 2026-01-01, currency: EUR,
     stages: [{stage: pressed, raw_material: 2}]}
  - {product: cap, plant: lyon, effective_from: 2026-01-01, currency: EUR,
     stages: [{stage: pressed, raw_material: 3}]}
  - {product: label, effective_from: 2026-01-01, effective_to: 2026-02-01, currency: EUR,
     price: 5, seconds_price: 6, recovery_rate: 1, input_raw_material: 8,
     return_scrap: {price: 1, recovered: 3},
     stages: [{stage: printed, raw_material: 2}]}
line_rates:
  - {plant: hamburg, line: filling, effective_from: 2026-01-01, rate_per_minute: 2,
     bottleneck: true, contribution_per_minute: 3, output_work_units: [packer-1, packer-2]}
  - {plant: hamburg, line: packing, effective_from: 2026-01-01, rate_per_minute: 2,
     contribution_per_minute: 3, planned_rate_per_minute: 0.5}
labour_rates:
  - {plant: hamburg, effective_from: 2026-01-01, rate_per_minute: 0.5}
  - {plant: hamburg, grade: skilled, effective_from: 2026-01-01, rate_per_minute: 0.8}
"""
BOOK = book_of(parse_rates(RATES))
AT = "2026-01-31T14:05:00+01:00"


def event(event_type: str, **said: Any) -> Any:
    """An event on the filling line of Hamburg; what is said as None is left out."""
    when = {} if "started_at" in said else {"occurred_at": AT}
    where = {"plant": "hamburg", "line": "filling"}
    found = {"event_id": "e", "event_type": event_type, **when, **where, **said}
    return decode(json.dumps({n: v for n, v in found.items() if v is not None}).encode())


def priced(event_type: str, book: RateBook = BOOK, **said: Any) -> Pricing:
    """The price of such an event, under the context that traps every rounding."""
    with localcontext(MONEY):
        return price(event(event_type, **said), book)


FIGURES = ("quantity", "gross", "recovered", "allowed", "seconds", "base", "good", "ungraded")


def figures(entry: Entry) -> dict[str, Decimal]:
    """The figures that are not zero, but for net, which the laws give."""
    return {name: getattr(entry, name) for name in FIGURES if getattr(entry, name)}


def case(name: str) -> Any:
    """A published case, with its numbers as they were printed."""
    return json.loads((CASES / f"{name}.json").read_text("utf-8"))
