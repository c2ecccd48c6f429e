"""The page `/planner`: a quality programme by the dynamic model, for numbers of indicators."""

from decimal import Decimal
from typing import Any, NamedTuple

from copq.figures.books import Reading
from copq.figures.plan_answer import PlanRequest
from copq.figures.programme import programme
from copq.improvement import plans
from copq.improvement.dynamic_model import MOST_INDICATORS, MOST_PERIODS, Plan
from copq.improvement.history import FitRefused, Programme
from copq.improvement.plan_fit import PlanFit
from copq.ledger.money import fixed
from copq.reporting.board.pages.asked import Asked
from copq.reporting.board.pages.cells import Cell, Row, Table, exact_text, minus, percent_text
from copq.reporting.board.pages.frame import Analysis
from copq.text.counts import count_of

PARAMETERS = ("tc1", "alpha", "beta", "m", "c", "indicators", "periods", "savings", "currency",
              "fit", "plant", "from", "to", "fit_indicators")  # fmt: skip
_PLACES = 3
_CURVES = (
    ("pi", "PI: performance"), ("ps", "PS: savings"), ("eb", "EB: benefit, savings less spending"),
)  # fmt: skip
MEANINGS = {
    "tc1": "Spending, first period", "alpha": "Spending over that of the period before",
    "beta": "Target level", "m": "Distance from the target", "c": "Speed of savings",
}  # fmt: skip


class _Read(NamedTuple):
    request: PlanRequest
    months: Programme | None
    refused: str


def _request(asked: Asked) -> PlanRequest:
    fit = asked.text("fit", "false").lower()
    if fit not in ("true", "false"):
        raise ValueError(f'fit is "{fit}": it must be true or false')
    return PlanRequest(
        parameters={name: asked.name(name) for name in plans.DEFAULTS},
        indicators=asked.text("indicators", plans.INDICATORS),
        periods=asked.number("periods", MOST_PERIODS) or plans.PERIODS,
        savings=asked.name("savings"), currency=asked.name("currency"), fitted=fit == "true",
        plant=asked.name("plant"), start=asked.text("from"), end=asked.text("to"),
        had=asked.number("fit_indicators", MOST_INDICATORS) or 1,
    )  # fmt: skip


async def _read(reading: Reading, asked: Asked) -> _Read:
    request = _request(asked)
    query = request.query()
    if query is None:
        return _Read(request, None, "")
    try:
        months = await programme(reading.conn, reading.book, query, reading.now, request.currency)
    except FitRefused as refused:
        return _Read(request, None, str(refused))
    return _Read(request, months, "")


def _show(asked: Asked, read: _Read) -> dict[str, Any]:
    refused, found = read.refused, None
    if not refused:
        try:
            found = read.request.plan(read.months)
        except FitRefused as reason:
            refused = str(reason)
    about = f"Fitted to {asked.text('plant')}" if read.request.fitted else "Parameters as given"
    values = {
        "about": about, "refused": refused, "found": found, "remarks": [plans.MODEL],
        "defaults": plans.DEFAULTS, "meanings": MEANINGS,
    }  # fmt: skip
    return values if found is None else values | _of_plans(found)


def _of_plans(found: plans.Comparison) -> dict[str, Any]:
    return {
        "parameters": [(MEANINGS[name], name, f"{getattr(found.parameters, name).normalize():f}")
                       for name in plans.DEFAULTS],
        "sentences": [_break_even(one) for one in found.plans],
        "fitted": _fitted(found.fitted) if found.fitted else "",
        "spent": _curve([("TQC", [period.tqc for period in found.plans[0].periods])]),
        "curves": [
            (name, title, _curve([(_indicators(one), [getattr(p, name) for p in one.periods])
                                  for one in found.plans]))
            for name, title in _CURVES
        ],
        "table_of": _table(found), "money": _money(found),
    }  # fmt: skip


def _indicators(one: Plan) -> str:
    return count_of(one.indicators, "indicator", "indicators")


def _break_even(one: Plan) -> str:
    """When the programme pays for itself, and when its benefit is largest."""
    best = f"the largest benefit is {_share(one.best.eb)} in period {one.best.t}"
    if one.break_even is None:
        return f"{_indicators(one)}: no break-even within {len(one.periods)} periods; {best}."
    return f"{_indicators(one)}: break-even in period {one.break_even}; {best}."


def _fitted(fitted: PlanFit) -> str:
    """What the fit says, with its intervals."""
    parts = ", ".join(
        f"{name} {low.normalize():f} to {high.normalize():f}"
        for name, (low, high) in fitted.intervals.items()
    )
    had = count_of(fitted.indicators, "indicator", "indicators")
    return (
        f"Fitted to {fitted.months} months of a programme with {had}: the savings follow the model "
        f"to {percent_text(fitted.explained * 100)}. At 95 % confidence: {parts}."
    )


def _share(value: Decimal) -> str:
    return minus(fixed(value, _PLACES))


def _curve(series: list[tuple[str, list[Decimal]]]) -> dict[str, Any]:
    """The lines of a chart over the periods."""
    return {
        "kind": "lines", "step": "period", "steps": list(range(1, len(series[0][1]) + 1)),
        "series": [{"name": name, "values": [str(v) for v in values]} for name, values in series],
    }  # fmt: skip


def _table(found: plans.Comparison) -> Table:
    """The figures of each period, for each number of indicators."""
    heads = [f"{name}, n = {one.indicators}" for one in found.plans for name in ("PI", "PS", "EB")]
    rows = [
        Row(
            Cell(str(of[0].t)),
            [Cell(_share(of[0].tqc)),
             *(Cell(_share(v)) for one in of for v in (one.pi, one.ps, one.eb))],
        )
        for of in zip(*(one.periods for one in found.plans), strict=True)
    ]  # fmt: skip
    return Table("The plan by period", "Period", ["TQC", *heads], rows)


def _money(found: plans.Comparison) -> Table | None:
    """The same in money, where the possible savings are known."""
    if found.savings is None:
        return None
    currency = found.savings.currency
    by_period: dict[int, list[dict[str, Any]]] = {}
    for row in plans.rows(found):
        by_period.setdefault(row["t"], []).append(row)
    heads = [f"{name}, n = {one.indicators}" for one in found.plans
             for name in ("Saved", "Benefit")]  # fmt: skip
    rows = [
        Row(
            Cell(str(period)),
            [Cell(exact_text(of[0]["spent"], currency)),
             *(Cell(exact_text(row[name], currency))
               for row in of for name in ("saved", "benefit"))],
        )
        for period, of in by_period.items()
    ]  # fmt: skip
    amount = f"{exact_text(found.savings.amount, currency)} {currency}"
    return Table(f"The plan in {currency}, of {amount} of possible savings", "Period",
                 ["Spent", *heads], rows)  # fmt: skip


PLANNER = Analysis("/planner", "planner.html", "/v1/plan", PARAMETERS, _read, _show,
                   needs_rates=False)  # fmt: skip
