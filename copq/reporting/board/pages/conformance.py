"""Conformance against failure on the page `/report`: each month over its level of conformance."""

from collections.abc import Sequence
from typing import Any

from copq.figures.conformance_answer import (
    ConformanceAnswer,
    ConformanceRequest,
    ConformanceRow,
    left_out,
    optimum_text,
)
from copq.improvement.conformance import NoOptimum, Optimum
from copq.ledger.arithmetic import MONEY
from copq.periods.period import month_after
from copq.reporting.board.pages.asked import Asked, query_of
from copq.reporting.board.pages.cells import (
    NONE,
    Cell,
    Row,
    Table,
    count_text,
    exact_text,
    month_name,
    percent_text,
)

_PARAMETERS = ("plant", "line", "product", "group", "grouping", "from", "to", "currency")
_COLUMNS = ("Level", "Units", "P + A", "COPQ", "P + A a unit", "COPQ a unit", "Total a unit")
_COSTS = (("conformance", "Prevention + appraisal"), ("failure", "Failure"), ("total", "Total"))


def conformance_request(asked: Asked) -> ConformanceRequest:
    """The same place and months as the report; without a first month the last three years."""
    return ConformanceRequest(
        plant=asked.name("plant"), line=asked.name("line"), product=asked.name("product"),
        group=asked.name("group"), grouping=asked.name("grouping") if asked.name("group") else None,
        start=asked.text("from"), end=asked.text("to"), currency=asked.name("currency"),
    )  # fmt: skip


def conformance_part(
    asked: Asked, answer: ConformanceAnswer, currency: str
) -> dict[str, Any] | None:
    """The chart of a currency, its optimum or why there is none, and its months."""
    rows = [row for row in answer.rows if row.figures.currency == currency]
    if not rows:
        return None
    given = {name: value for name in _PARAMETERS if (value := asked.name(name))}
    return {
        "plot": _plot(rows, answer.optima[currency], currency), "left_out": left_out(rows),
        "sentence": optimum_text(currency, answer.optima[currency]),
        "table": _table(asked, rows, currency),
        "links": [(kind, f"/v1/coq/conformance?{query_of({**given, 'format': kind.lower()})}")
                  for kind in ("JSON", "CSV")],
    }  # fmt: skip


def _plot(
    rows: Sequence[ConformanceRow], best: Optimum | NoOptimum, currency: str
) -> dict[str, Any] | None:
    """The points in the order of their level; None without any."""
    known = sorted(
        ((row.point, row.is_lowest) for row in rows if row.point), key=lambda one: one[0].level
    )
    if not known:
        return None
    points = [point for point, _ in known]
    band = (best.low, best.level, best.high) if isinstance(best, Optimum) else ()
    return {
        "kind": "scatter", "currency": currency, "steps": [str(point.level) for point in points],
        "labels": [f"{point.period:%Y-%m}" for point in points],
        "lowest": next((at for at, (_, is_lowest) in enumerate(known) if is_lowest), None),
        "optimum": [str(level) for level in band],
        "series": [
            {"name": name, "values": [str(getattr(point, cost)) for point in points]}
            for cost, name in _COSTS
        ],
    }  # fmt: skip


def _table(asked: Asked, rows: Sequence[ConformanceRow], currency: str) -> Table:
    """A row for each month, the newest first; the lowest total so far is marked."""
    shown = [_row(asked, row, currency) for row in reversed(rows)]
    label = f"Conformance against failure by month, {currency}"
    return Table(label, "Month", _COLUMNS, shown)


def _row(asked: Asked, row: ConformanceRow, currency: str) -> Row:
    of, point = row.figures, row.point
    known = not of.unconverted
    cells = [
        Cell(percent_text(point.level * 100) if point else NONE),
        Cell(count_text(of.units)),
        Cell(exact_text(MONEY.subtract(of.coq, of.copq) if known else None, currency)),
        Cell(exact_text(of.copq if known else None, currency), "Open the entries",
             _failures(asked, row)),
        *(Cell(exact_text(getattr(point, cost), currency) if point else NONE)
          for cost, _ in _COSTS),
    ]  # fmt: skip
    name = month_name(row.month)
    return Row(
        Cell(f"{name}, the lowest total so far" if row.is_lowest else name), cells,
        "sum" if row.is_lowest else "",
    )  # fmt: skip


def _failures(asked: Asked, row: ConformanceRow) -> str:
    names = {name: asked.name(name) for name in _PARAMETERS[:4]}
    grouping = asked.name("grouping") if names["group"] else None
    window = {"from_": row.month, "to": month_after(row.month)}
    return asked.entries(**names, grouping=grouping, category="copq", **window)
