"""How figures look: units, limits, and the columns of a table."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models


@dataclass(frozen=True)
class Unit:
    """How Grafana formats a figure; `decimals` None leaves it to Grafana."""

    name: str
    decimals: int | None = None
    currency: str = ""
    """Of money: the series of copq_currency_step that has the smallest amount to show."""

    def rounded(self, expression: str) -> str:
        """PromQL: money to the digits of its currency, a half away from zero."""
        if not self.currency:
            return expression
        step = f"scalar(max({self.currency}) or vector(0.01))"
        return f"sgn({expression}) * round(abs({expression}), {step})"


SHARE, SECONDS, COUNT = Unit("percentunit", 2), Unit("s"), Unit("locale", 0)
PER_SECOND, BYTES = Unit("ops"), Unit("bytes")
MOST_DECIMALS = 4
"""Of any currency."""

MONEY = Unit("locale", MOST_DECIMALS, 'copq_currency_step{currency="$currency"}')
"""With thousands separated. Queries round it by its currency; Grafana adds no zeros.
The currency stands in the title or in a column."""

REPORTED = Unit("locale", MOST_DECIMALS, "copq_currency_step and on (currency) copq_reporting_cost")
"""Money in the reporting currency."""

Step = tuple[float | None, str]
_OVER: tuple[Step, ...] = ((0.8, "semi-dark-orange"), (1, "semi-dark-red"))


def thresholds(*steps: Step) -> Any:
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(_steps(steps))


def _steps(steps: Sequence[Step]) -> list[models.Threshold]:
    return [models.Threshold(value=value, color=color) for value, color in steps]


OF_TARGET = thresholds((None, "text"), *_OVER)
"""Of a ratio to its target: the target itself is data, so one threshold serves all."""


@dataclass(frozen=True)
class Column:
    """How a column of a table is shown."""

    unit: Unit
    decimals: int
    more: dict[str, Any] = field(default_factory=dict)

    def properties(self) -> list[models.DynamicConfigValue]:
        shown = {"unit": self.unit.name, "decimals": self.decimals, **self.more}
        return [models.DynamicConfigValue(name, value) for name, value in shown.items()]


def _colored(kind: str, *steps: Step) -> dict[str, Any]:
    limits = models.ThresholdsConfig(models.ThresholdsMode.ABSOLUTE, _steps(steps))
    return {
        "thresholds": limits, "color": {"mode": "thresholds"}, "custom.cellOptions": {"type": kind},
    }  # fmt: skip


def _bar() -> dict[str, Any]:
    options = {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
    return {
        "custom.cellOptions": options,
        "min": 0,
        "color": {"mode": "fixed", "fixedColor": "blue"},
    }


PERCENT = Column(SHARE, 2)
AMOUNT = Column(MONEY, MOST_DECIMALS)
NUMBER = Column(COUNT, 0)
MINUTES = Column(COUNT, 1)
AGAINST_TARGET = Column(SHARE, 1, _colored("color-background", (None, "transparent"), *_OVER))
BAR = Column(MONEY, MOST_DECIMALS, _bar())
RUNNING = Column(SHARE, 1, _colored("color-text", (None, "text"), (0.8, "#8e8e8e")))
"""A running share: past the 80 % mark it is grey."""
LASTED = Column(SECONDS, 0)
INSTANT = Column(Unit("dateTimeAsIso"), 0)
