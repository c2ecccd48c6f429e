"""How many series there may be, and what is left out first: the finest detail."""

from collections.abc import Callable
from dataclasses import dataclass

from copq.reporting.exporter.samples import DETAILS, Sample

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
    count: Callable[[str, str], int],
    most: int,
    before: dict[str, str] | None = None,
) -> dict[str, Shown]:
    """The windows in the finest detail that fits: `of` gives a window's samples in a detail.

    While there are too many, the window with the most loses its finest detail. `count` is the
    length of what `of` gives, `before` the detail of the last time.
    """
    full = {window: count(window, DETAILS[0]) for window in windows}
    number, detail = dict(full), dict.fromkeys(windows, 0)
    reduced = before is not None and any(d != DETAILS[0] for d in before.values())
    allowed = int(most * STEADY) if reduced else most
    while sum(number.values()) > allowed:
        largest = max(windows, key=lambda window: number[window])
        detail[largest] += 1
        number[largest] = count(largest, DETAILS[detail[largest]])
    return {
        w: Shown(DETAILS[detail[w]], of(w, DETAILS[detail[w]]), full[w] - number[w])
        for w in windows
    }
