"""Present value and internal rate as any textbook has them: nothing of the product is used."""

from collections.abc import Sequence

import numpy as np


def npv_of(flows: Sequence[float], yearly_rate: float) -> float:
    """The value of a flow of each month at the first one."""
    months = np.arange(len(flows))
    return float(np.sum(np.asarray(flows) / (1 + yearly_rate) ** (months / 12)))


def irr_of(flows: Sequence[float]) -> float:
    """The yearly rate at which it is zero: of the roots of the polynomial in the monthly discount
    factor the one that is real and positive. There is one if the flows change their sign once."""
    roots = np.roots(list(reversed(flows)))
    [factor] = [one.real for one in roots if abs(one.imag) < 1e-9 and one.real > 1e-9]
    return float(factor**-12 - 1)
