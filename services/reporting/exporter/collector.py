"""A reading as metric families, in the form that prometheus_client collects."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.reporting.exporter import figures as f
from services.reporting.exporter.limit import Shown, limited
from services.reporting.exporter.reading import Reading
from services.reporting.exporter.samples import Sample, WindowSums, count, samples
from services.reporting.exporter.state import state
from services.reporting.exporter.sums import summed


class Page(NamedTuple):
    """The samples of one reading, and the detail of each window."""

    samples: list[Sample]
    detail: dict[str, str]


def page_of(reading: Reading, most: int, before: dict[str, str] | None = None) -> Page:
    """All samples, at most `most`: what waits or is open first, then the windows."""
    about = state(reading)[:most]
    windows = {
        name: WindowSums(name, summed(cells), reading.spans[name], reading.repairs[name])
        for name, cells in reading.cells.items()
    }
    shown = limited(
        list(windows),
        lambda name, detail: samples(windows[name], detail, reading.book, reading.targets),
        lambda name, detail: count(windows[name], detail, reading.book, reading.targets),
        most - len(about),
        before,
    )
    found = about + [s for of in shown.values() for s in of.samples]
    about_itself = list(_about_itself(reading, shown, len(found), most))
    return Page(found + about_itself, {name: of.detail for name, of in shown.items()})


def _about_itself(
    reading: Reading, shown: dict[str, Shown], series: int, most: int
) -> Iterator[Sample]:
    yield Sample(f.AT, (), reading.now.timestamp())
    yield Sample(f.SERIES, (), series)
    yield Sample(f.LIMIT, (), most)
    for window, of in shown.items():
        yield Sample(f.DROPPED, (window,), of.dropped)
        yield Sample(f.DETAIL, (window, of.detail), 1)


class PageCollector(Collector):
    """Serves one page. A line in two currencies has two rows, but one of each pure figure."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        families = {
            figure.name: GaugeMetricFamily(figure.name, figure.help, labels=figure.labels)
            for figure in f.FIGURES
        }
        seen: set[tuple[str, tuple[str, ...]]] = set()
        for figure, labels, value in self._samples:
            if (figure.name, labels) not in seen:
                seen.add((figure.name, labels))
                families[figure.name].add_metric(labels, value)
        return (family for family in families.values() if family.samples)


def rendered(page: Page) -> bytes:
    """In Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PageCollector(page.samples))
    return generate_latest(registry)
