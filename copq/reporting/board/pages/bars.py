"""Where the bars of a chart begin and end, in percent of its width."""

from collections.abc import Iterable
from decimal import Decimal

from copq.reporting.board.pages.cells import Bar


class Scale:
    """From the lowest of some amounts to the highest; zero is always on it."""

    def __init__(self, amounts: Iterable[Decimal]) -> None:
        known = [Decimal(0), *amounts]
        self._low, high = min(known), max(known)
        self._length = (high - self._low) or Decimal(1)

    def at(self, amount: Decimal) -> float:
        return float((amount - self._low) / self._length * 100)

    def bar(self, start: Decimal, end: Decimal, kind: str = "actual") -> Bar:
        return Bar(self.at(start), self.at(end), kind)


def cumulative_points(shares: list[Decimal], row: int) -> str:
    """The piece of the line of cumulative shares in a row, from its neighbours' middles."""
    at = [float(share) * 100 for share in shares]
    points = [f"{at[row]:.2f},50"]
    if row > 0:
        points.insert(0, f"{(at[row - 1] + at[row]) / 2:.2f},0")
    if row < len(at) - 1:
        points.append(f"{(at[row] + at[row + 1]) / 2:.2f},100")
    return " ".join(points)
