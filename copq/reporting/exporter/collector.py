"""The samples of a reading, and their text for Prometheus."""

from collections.abc import Iterator
from typing import NamedTuple

from copq.reporting.exporter import figures as f
from copq.reporting.exporter.finished_samples import FinishedSamples
from copq.reporting.exporter.limit import Shown, limited
from copq.reporting.exporter.reading import Reading
from copq.reporting.exporter.samples import Sample
from copq.reporting.exporter.state import state


class Page(NamedTuple):
    """The samples of one reading, and the detail of each window."""

    samples: list[Sample]
    detail: dict[str, str]


def page_of(
    reading: Reading,
    most: int,
    before: dict[str, str] | None = None,
    finished: FinishedSamples | None = None,
) -> Page:
    """All samples, at most `most`: first waiting items and open stops, then the windows.

    `before` is the detail of the last page; `finished` caches its samples.
    """
    finished = finished or FinishedSamples()
    about = state(reading)[:most]
    windows = {name: finished.window(name, reading) for name in reading.sums}
    shown = limited(
        list(windows),
        lambda name, detail: finished.samples(windows[name], detail, reading),
        lambda name, detail: finished.count(windows[name], detail, reading),
        most - len(about),
        before,
    )
    all_samples = about + [s for of in shown.values() for s in of.samples]
    about_itself = list(_about_itself(reading, shown, len(all_samples), most))
    return Page(all_samples + about_itself, {name: of.detail for name, of in shown.items()})


def _about_itself(
    reading: Reading, shown: dict[str, Shown], series: int, most: int
) -> Iterator[Sample]:
    yield Sample(f.AT, (), reading.now.timestamp())
    yield Sample(f.SERIES, (), series)
    yield Sample(f.LIMIT, (), most)
    for window, of in shown.items():
        yield Sample(f.DROPPED, (window,), of.dropped)
        yield Sample(f.DETAIL, (window, of.detail), 1)


def rendered(page: Page) -> bytes:
    """The page in Prometheus's text format. A line with two currencies has two rows.

    This is our own code: prometheus_client takes four times as long, for metrics that are all
    gauges.
    """
    lines: dict[str, dict[str, float]] = {figure.name: {} for figure in f.FIGURES}
    escaped = _Escaped()
    for figure, labels, value in page.samples:
        pairs = zip(figure.labels, labels, strict=True)
        pairs_text = ",".join([f'{name}="{escaped[label]}"' for name, label in pairs])
        lines[figure.name].setdefault(pairs_text, float(value))
    return "".join(_families(lines)).encode()


class _Escaped(dict[str, str]):
    """Labels with escapes, cached, since the same labels occur thousands of times."""

    def __missing__(self, label: str) -> str:
        text = label.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
        self[label] = text
        return text


def _families(lines: dict[str, dict[str, float]]) -> Iterator[str]:
    for figure in f.FIGURES:
        if rows := lines[figure.name]:
            yield f"# HELP {figure.name} {figure.help}\n# TYPE {figure.name} gauge\n"
            yield "".join(
                f"{figure.name}{{{pairs_text}}} {value!r}\n"
                if pairs_text
                else f"{figure.name} {value!r}\n"
                for pairs_text, value in rows.items()
            )
