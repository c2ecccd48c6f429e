"""The limit of series: the finest detail is left out first."""

from collections.abc import Callable
from dataclasses import dataclass

from copq.reporting.exporter.samples import DETAILS, Sample

STEADY = 0.9
"""Detail that was left out comes back only if this share of the limit holds it, so that series do
not flap."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One window: its detail, its samples, and the number of series left out."""

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
    """The windows in the finest detail that fits; `of` gives the samples of a window in a detail.

    While there are too many, the window with the most series loses its finest detail. `count` is
    the number of samples that `of` gives; `before` is the detail of the last page.
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
