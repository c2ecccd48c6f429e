"""How many series there may be, and what is left out first: the finest detail."""

from collections.abc import Callable
from dataclasses import dataclass

from services.reporting.exporter.samples import DETAILS, Sample

STEADY = 0.9
"""Once detail was left out it comes back only where it fits with room: series do not flap."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One window: the detail it is shown in, its samples, and how many more there would be."""

    detail: str
    samples: list[Sample]
    dropped: int


def limited(
    windows: list[str],
    of: Callable[[str, str], list[Sample]],
    most: int,
    before: dict[str, str] | None = None,
) -> dict[str, Shown]:
    """The windows in the finest detail that fits: `of` gives a window's samples in a detail.

    While there are too many, the window with the most loses its finest detail. `before` is the
    detail of the last time.
    """
    found = {window: of(window, DETAILS[0]) for window in windows}
    full = {window: len(samples) for window, samples in found.items()}
    detail = dict.fromkeys(windows, 0)
    reduced = before is not None and any(d != DETAILS[0] for d in before.values())
    allowed = int(most * STEADY) if reduced else most
    while sum(map(len, found.values())) > allowed:
        largest = max(windows, key=lambda window: len(found[window]))
        detail[largest] += 1
        found[largest] = of(largest, DETAILS[detail[largest]])
    return {w: Shown(DETAILS[detail[w]], found[w], full[w] - len(found[w])) for w in windows}
