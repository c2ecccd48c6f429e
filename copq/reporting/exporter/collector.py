"""A reading as samples, and samples as the text that Prometheus reads."""

from collections.abc import Iterator
from typing import NamedTuple

from copq.reporting.exporter import figures as f
from copq.reporting.exporter.finished_samples import Made
from copq.reporting.exporter.limit import Shown, limited
from copq.reporting.exporter.reading import Reading
from copq.reporting.exporter.samples import Sample
from copq.reporting.exporter.state import state


class Page(NamedTuple):
    """The samples of one reading, and the detail of each window."""

    samples: list[Sample]
    detail: dict[str, str]


def page_of(
    reading: Reading, most: int, before: dict[str, str] | None = None, made: Made | None = None
) -> Page:
    """All samples, at most `most`: what waits or is open first, then the windows.

    `before` is the detail of the last page, `made` what it was made of.
    """
    made = made or Made()
    about = state(reading)[:most]
    windows = {name: made.window(name, reading) for name in reading.sums}
    shown = limited(
        list(windows),
        lambda name, detail: made.samples(windows[name], detail, reading),
        lambda name, detail: made.count(windows[name], detail, reading),
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


def rendered(page: Page) -> bytes:
    """In Prometheus' text format. A line in two currencies has two rows, one of each pure figure.

    Written by hand: prometheus_client takes four times as long for what is known to be gauges.
    """
    lines: dict[str, dict[str, float]] = {figure.name: {} for figure in f.FIGURES}
    escaped = _Escaped()
    for figure, labels, value in page.samples:
        pairs = zip(figure.labels, labels, strict=True)
        said = ",".join([f'{name}="{escaped[label]}"' for name, label in pairs])
        lines[figure.name].setdefault(said, float(value))
    return "".join(_families(lines)).encode()


class _Escaped(dict[str, str]):
    """Labels as they are written; the same ones come by the thousand."""

    def __missing__(self, label: str) -> str:
        text = label.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
        self[label] = text
        return text


def _families(lines: dict[str, dict[str, float]]) -> Iterator[str]:
    for figure in f.FIGURES:
        if found := lines[figure.name]:
            yield f"# HELP {figure.name} {figure.help}\n# TYPE {figure.name} gauge\n"
            yield "".join(
                f"{figure.name}{{{said}}} {value!r}\n" if said else f"{figure.name} {value!r}\n"
                for said, value in found.items()
            )
