"""The table of all metrics in docs/metrics.md, generated from the code.

`python -m deploy.metrics_page` writes it, with `--check` it exits 1 if the table is stale.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from copq.access import metrics as _door
from copq.aggregator import metrics as _aggregator
from copq.figures import project_metrics as _projects
from copq.ingest.files import metrics as _files
from copq.ingest.mqtt import metrics as _mqtt
from copq.kafka import metrics as _stream
from copq.pack import metrics as _pack
from copq.posting import metrics as _posting
from copq.reporting.exporter import metrics as _exporter
from copq.reporting.exporter.figures import FIGURES
from copq.sign_in import metrics as _sign_in
from copq.summary import metrics as _summary

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
MARK = "<!-- generated from here on -->\n"
REGISTERED = (
    _aggregator,
    _door,
    _files,
    _mqtt,
    _posting,
    _stream,
    _exporter,
    _summary,
    _projects,
    _sign_in,
    _pack,
)
"""Imported, they are in the registry."""


def table() -> str:
    """Name, kind, labels, meaning; in order of the name."""
    rows = sorted({*_figures(), *_registered_metrics()})
    lines = [
        f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {says} |"
        for name, kind, labels, says in rows
    ]
    return "\n".join(
        ["", "| metric | kind | labels | what it says |", "|---|---|---|---|", *lines, ""]
    )


def _figures() -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    return ((figure.name, "gauge", figure.labels, figure.help) for figure in FIGURES)


def _registered_metrics() -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    for module in REGISTERED:
        for metric in vars(module).values():
            describe = getattr(metric, "describe", None)
            if describe is None or isinstance(metric, type):
                continue
            for family in describe():
                name = family.name + ("_total" if family.type == "counter" else "")
                yield name, family.type, tuple(metric._labelnames), family.documentation


def expected_page() -> str:
    """The page with its table as it should be."""
    return PAGE.read_text("utf-8").partition(MARK)[0] + MARK + table()


def main(arguments: list[str]) -> int:
    """Write the table, or with `--check` say whether it is stale."""
    if arguments != ["--check"]:
        PAGE.write_text(expected_page(), "utf-8")
        return 0
    if stale := PAGE.read_text("utf-8") != expected_page():
        print("docs/metrics.md is stale: run make metrics")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
