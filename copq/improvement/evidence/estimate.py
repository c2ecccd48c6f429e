"""A number of a regression with its interval, and how surprising it is if the truth is zero."""

from dataclasses import dataclass

from scipy.special import stdtr, stdtrit

from copq.improvement.evidence.interval import CONFIDENCE


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, the bounds of its 90 % interval, and the two-sided p-value against zero."""

    value: float
    low: float
    high: float
    p_value: float

    @classmethod
    def of(cls, value: float, error: float, freedom: float) -> "Estimate":
        """From a standard error with Student's distribution. An error of zero means certainty."""
        half = float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * error
        if not error:
            return cls(value, value, value, float(value == 0))
        p_value = 2 * float(stdtr(freedom, -abs(value) / error))
        return cls(value, value - half, value + half, p_value)
