"""Which projects of a portfolio are proven, with few false ones among them.

Of 500 projects that do nothing, five are proven at an error rate of 1 % each. Among the projects
named here, the share of those that do nothing is on average at most `RATE`.
"""

from collections.abc import Sequence
from decimal import Decimal
from math import inf, log

RATE = Decimal("0.05")


def e_discoveries(log_e_values: Sequence[float], rate: float | Decimal = RATE) -> list[bool]:
    """By e-values, given as natural logarithms: e-BH (Wang and Ramdas, "False discovery rate
    control with e-values", 2022).

    It holds however the projects depend on each other, which projects of one plant do, and on
    whichever day the portfolio is looked at. So it is the one for `Watch.log_evidence`.
    """
    number = len(log_e_values)
    ordered = sorted(log_e_values, reverse=True)
    named = [
        value for place, value in enumerate(ordered, 1)
        if value >= log(number / (float(rate) * place))
    ]  # fmt: skip
    least = min(named, default=inf)
    return [value >= least for value in log_e_values]


def p_discoveries(p_values: Sequence[float], rate: float | Decimal = RATE) -> list[bool]:
    """By p-values of one look (regression, trend, placebos): Benjamini and Hochberg's procedure.

    It holds for projects that are independent or move together, and for one look alone.
    """
    from scipy.stats import false_discovery_control  # slow to load

    if not len(p_values):
        return []
    return [bool(value <= rate) for value in false_discovery_control(p_values, method="bh")]
