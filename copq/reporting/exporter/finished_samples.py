"""Cached samples of windows that have not changed: finished windows are computed once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from copq.figures.sums import merge_sums
from copq.reporting.exporter.reading import Reading
from copq.reporting.exporter.samples import Sample, WindowSums, count, samples

T = TypeVar("T")


@dataclass(slots=True)
class _Known:
    """The results for a window, with the rates and targets that they depend on."""

    window: WindowSums
    of: tuple[Any, ...]
    made: dict[Any, Any] = field(default_factory=dict)


class FinishedSamples:
    """The samples and counts of the last pages, by window."""

    def __init__(self) -> None:
        self._windows: dict[str, WindowSums] = {}
        self._known: dict[str, _Known] = {}

    def window(self, name: str, reading: Reading) -> WindowSums:
        """The window's sums. While their parts are unchanged, the same object is returned."""
        fine, spans, repairs = (
            merge_sums(reading.sums[name]),
            reading.spans[name],
            reading.repairs[name],
        )
        last = self._windows.get(name)
        if last is None or last.fine is not fine or (last.spans, last.repairs) != (spans, repairs):
            last = self._windows[name] = WindowSums(name, fine, spans, repairs)
        return last

    def samples(self, window: WindowSums, detail: str, reading: Reading) -> list[Sample]:
        """The result of `samples.samples`."""
        return self._once(samples, window, detail, reading)

    def count(self, window: WindowSums, detail: str, reading: Reading) -> int:
        """The result of `samples.count`."""
        return self._once(count, window, detail, reading)

    def _once(self, make: Callable[..., T], window: WindowSums, detail: str, reading: Reading) -> T:
        of = (reading.book.revision, reading.targets.ratios)
        last = self._known.get(window.name)
        if last is None or last.window is not window or last.of != of:
            last = self._known[window.name] = _Known(window, of)
        if (make, detail) not in last.made:
            last.made[make, detail] = make(window, detail, reading.book, reading.targets)
        result: T = last.made[make, detail]
        return result
