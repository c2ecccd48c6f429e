"""Programmes that follow the dynamic model, with noise of a seed."""

import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal as D

from copq.improvement.dynamic_model import Parameters, plan
from copq.improvement.history import Month, Programme

LOSS, BASE = D(1000), D(20000)
"""Of a month before the programme."""

TRUTH = Parameters(tc1=D("0.05"), alpha=D("0.95"), beta=D("0.95"), m=D("0.01"), c=D("0.05"))


def month(number: int, spending: D, failure: D, base: D = BASE) -> Month:
    """The month `number` months after January 2025."""
    return Month(date(2025 + number // 12, number % 12 + 1, 1), spending, failure, base)


def programme(
    months: int = 18, indicators: int = 2, noise: float = 0.0, seed: int = 1,
    truth: Parameters = TRUTH, volumes: Sequence[int] = (1,), baseline: int = 12,
) -> Programme:  # fmt: skip
    """The model's spending and savings as money of months, of which the volumes differ."""
    chance = random.Random(seed)
    found, before = [], D(0)
    for period in plan(truth, indicators, months).periods:
        spent = (period.tqc - before) * 12 * LOSS * D(f"{1 + chance.gauss(0, noise):.6f}")
        lost = LOSS * (1 - period.ps + D(f"{chance.gauss(0, noise):.6f}"))
        volume = volumes[period.t % len(volumes)]
        found.append(month(11 + period.t, spent, lost * volume, BASE * volume))
        before = period.tqc
    return Programme([month(n, D(0), LOSS) for n in range(12 - baseline, 12)], found, "EUR")
