"""How figures look: units, limits, and the columns of a table."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

SHARE, MONEY, SECONDS, COUNT = "percentunit", "locale", "s", "locale"
"""Money has its thousands apart; its currency stands in the title or in a column."""

DECIMALS = {SHARE: 2, MONEY: 0}

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

    unit: str
    decimals: int
    more: dict[str, Any] = field(default_factory=dict)

    def properties(self) -> list[models.DynamicConfigValue]:
        shown = {"unit": self.unit, "decimals": self.decimals, **self.more}
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
AMOUNT = Column(MONEY, 2)
NUMBER = Column(COUNT, 0)
MINUTES = Column(COUNT, 1)
AGAINST_TARGET = Column(SHARE, 1, _colored("color-background", (None, "transparent"), *_OVER))
BAR = Column(MONEY, 2, _bar())
RUNNING = Column(SHARE, 1, _colored("color-text", (None, "text"), (0.8, "#8e8e8e")))
"""A running share: past the 80 % mark it is grey."""
LASTED = Column(SECONDS, 0)
INSTANT = Column("dateTimeAsIso", 0)
