"""Plans side by side: questions as people write them, and the answer that command and API give."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal, localcontext
from typing import Any

from copq.improvement.dynamic_model import Parameters, Plan, PlanRefused, plan
from copq.improvement.plan_fit import PlanFit
from copq.ledger.arithmetic import MONEY
from copq.ledger.money import rounded

DEFAULTS = {"tc1": "0.05", "alpha": "0.95", "beta": "0.95", "m": "0.01", "c": "0.05"}
"""The published example."""

INDICATORS, PERIODS = "1,2,3,4", 18
MODEL = (
    "Rosiawan, Singgih and Widodo, Cogent Engineering 6:1678228, 2019. A share of 1 is all savings "
    "that are possible. TQC: spent so far; PI: performance; PS: savings; EB = PS - TQC: benefit."
)
COLUMNS = ("indicators", "t", "tqc", "pi", "ps", "eb", "spent", "saved", "benefit", "currency")
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_MOST_MONEY = Decimal("1E15")


@dataclass(frozen=True, slots=True)
class Savings:
    """All savings that are possible, in money: what a share of 1 means."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Plans for several numbers of indicators with the same parameters."""

    parameters: Parameters
    plans: Sequence[Plan]
    savings: Savings | None = None
    fitted: PlanFit | None = None


def compare(
    parameters: Parameters, indicators: str, periods: int, savings: Savings | None = None
) -> Comparison:
    """A plan for each number in `indicators`, which has commas. Raises `PlanRefused`."""
    plans = [plan(parameters, number, periods) for number in counts(indicators)]
    return Comparison(parameters, plans, savings)


def compare_fitted(fitted: PlanFit, indicators: str, periods: int) -> Comparison:
    """As `compare`, by the parameters and the money of a fit."""
    savings = Savings(fitted.savings, fitted.currency)
    return replace(compare(fitted.parameters, indicators, periods, savings), fitted=fitted)


def parameters_of(given: Mapping[str, str | None]) -> Parameters:
    """The parameters as written, those of the published example where one is None."""
    written = {name: given.get(name) or default for name, default in DEFAULTS.items()}
    return Parameters(**{name: number(name, text) for name, text in written.items()})


def held(given: Mapping[str, str | None]) -> dict[str, Decimal]:
    """The parameters that are given, to be held in a fit. Raises `PlanRefused`."""
    found = {name: number(name, text) for name, text in given.items() if text}
    parameters_of(given)
    return found


def number(name: str, text: str) -> Decimal:
    """The number that a text is. Raises `PlanRefused`."""
    if not _NUMBER.fullmatch(text.strip()):
        raise PlanRefused(f'{name} is "{text}": it must be a number with a decimal point, as 0.95')
    return Decimal(text.strip())


def counts(text: str) -> list[int]:
    """The numbers of indicators, such as 1,2,3. Raises `PlanRefused`."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words or not all(re.fullmatch(r"\d{1,4}", word, re.ASCII) for word in words):
        raise PlanRefused(f'indicators is "{text}": write whole numbers with commas, as 1,2,3')
    numbers = [int(word) for word in words]
    if len(set(numbers)) < len(numbers):
        raise PlanRefused(f'indicators is "{text}": name each number once')
    return numbers


def savings_of(amount: str | None, currency: str | None) -> Savings | None:
    """All savings that are possible, as written; None where neither is. Raises `PlanRefused`."""
    if not amount and not currency:
        return None
    if not amount or not currency:
        missing = "savings" if currency else "currency"
        raise PlanRefused(
            f"{missing} is missing: name an amount and its currency, as 50000 and EUR"
        )
    if not _CURRENCY.fullmatch(currency):
        raise PlanRefused(f'currency is "{currency}": it must be three capital letters, as EUR')
    money = number("savings", amount)
    if not 0 < money <= _MOST_MONEY:
        raise PlanRefused(
            f"savings is {money:f}: it must be more than 0 and at most {_MOST_MONEY:,f}"
        )
    return Savings(money, currency)


def rows(comparison: Comparison) -> list[dict[str, Any]]:
    """A row of `COLUMNS` for each number of indicators and period; money is None without it."""
    return [
        {"indicators": one.indicators, "t": period.t, "tqc": period.tqc, "pi": period.pi,
         "ps": period.ps, "eb": period.eb,
         **_money(comparison.savings, period.tqc, period.ps)}
        for one in comparison.plans for period in one.periods
    ]  # fmt: skip


def _money(savings: Savings | None, tqc: Decimal, ps: Decimal) -> dict[str, Any]:
    """Money to the digits of its currency; the benefit is exactly saved less spent."""
    if savings is None:
        return dict.fromkeys(("spent", "saved", "benefit", "currency"))
    with localcontext(MONEY):
        spent, saved = (rounded(savings.amount * share, savings.currency) for share in (tqc, ps))
        benefit = saved - spent
    return {"spent": spent, "saved": saved, "benefit": benefit, "currency": savings.currency}


def answer(comparison: Comparison) -> dict[str, Any]:
    """All of it for a program: parameters, fit, break-even and best period, and the rows."""
    savings = comparison.savings
    return {
        "model": MODEL,
        "parameters": asdict(comparison.parameters),
        "savings": savings and savings.amount, "currency": savings and savings.currency,
        "fit": fit_json(comparison.fitted),
        "plans": [
            {"indicators": one.indicators, "break_even": one.break_even,
             "best": one.best.t, "best_eb": one.best.eb}
            for one in comparison.plans
        ],
        "rows": rows(comparison),
    }  # fmt: skip


def fit_json(fitted: PlanFit | None) -> dict[str, Any] | None:
    """The fit next to its plans; `intervals` at 95 % confidence."""
    if fitted is None:
        return None
    return {
        "refused": None, "indicators": fitted.indicators, "months": fitted.months,
        "explained": fitted.explained,
        "intervals": {name: list(ends) for name, ends in fitted.intervals.items()},
    }  # fmt: skip


def refused_fit(reason: str) -> dict[str, Any]:
    """As `answer`, where the history does not determine the parameters: the reason and no rows."""
    nothing = dict.fromkeys(("parameters", "savings", "currency"))
    return {"model": MODEL, **nothing, "fit": {"refused": reason}, "plans": [], "rows": []}
