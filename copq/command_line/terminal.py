"""How commands speak: tables and progress to people, JSON to programs, errors to stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderableType
from rich.filesize import decimal
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from copq.command_line.exits import Exit
from copq.ledger.money import fixed, money, percent
from copq.process.system_errors import plainly
from copq.schemas.names import visible, visible_json
from copq.schemas.refusal import none_of
from copq.text.counts import count_of
from copq.text.exact import exact, plain

__all__ = ["cannot", "count_of", "err", "exact", "fail", "fixed", "money", "out", "percent",
           "print_json", "size", "table"]  # fmt: skip

_NARROW = 10
"""No column of words gets narrower than this."""

WIDE = 160
"""The width without a terminal: for a file or a pipe."""


class Screen(Console):
    """Prints text as it is: no name is markup, an emoji or a terminal's command.

    What a text from outside holds of control characters and marks of direction is spelt out.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **settings)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))


out = Screen(width=None if sys.stdout.isatty() else WIDE)
err = Screen(stderr=True)


def one_of(names: Sequence[str]) -> Callable[[str | None], str | None]:
    """A callback for an option that must be one of `names`; it refuses others with the nearest."""

    def check(value: str | None) -> str | None:
        if value is not None and value not in names:
            raise typer.BadParameter(f'"{value}" {none_of(value, names)}')
        return value

    return check


def fail(message: str, code: Exit = Exit.USAGE) -> NoReturn:
    """Print the message and end the command."""
    err.print(Text.assemble(("copq:", "red"), " ", visible(message)), soft_wrap=True)
    raise typer.Exit(code)


def cannot(do: str, file: Path | str, error: Exception) -> NoReturn:
    """Leave, saying `cannot read rates.yaml: No such file or directory`; the file that the error
    names is said instead of `file`, which may be a folder or a pattern.
    """
    named = getattr(error, "filename", None) or file
    fail(f"cannot {do} {named}: {plainly(error)}")


def refuse(what: str, faults: Sequence[str], most: int | None = None) -> NoReturn:
    """Print what is refused and its faults, `most` of them at most, and end the command."""
    shown = faults[:most]
    more = len(faults) - len(shown)
    lines = [f"{what}:", *(f"  - {fault}" for fault in shown)]
    fail("\n".join(lines + [f"  … and {more:,} more"] * bool(more)))


def print_json(value: Any) -> None:
    """Print exact JSON: money and quantities as strings, instants as ISO 8601."""
    print(visible_json(json.dumps(value, default=plain, ensure_ascii=False, indent=2)))


def size(in_bytes: int) -> str:
    """A size for people: 0 bytes, 8.2 kB, 1.5 MB."""
    return decimal(in_bytes)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> None:
    """A table; the first `left` columns are words, the others figures, which never break.

    On a narrow screen words fold; where even that is too wide, the table keeps its width.
    """
    named = Text(visible(title), style="bold")
    grid = Table(title=named, title_justify="left", box=SIMPLE_HEAD)
    columns = [visible(column) for column in columns]
    texts = [tuple(map(visible, row)) for row in rows]
    widths = [max(map(len, words)) for words in zip(columns, *texts, strict=True)]
    for index, (column, longest) in enumerate(zip(columns, widths, strict=True)):
        if index < left:
            grid.add_column(column, overflow="fold", min_width=min(longest, _NARROW))
        else:
            grid.add_column(column, justify="right", no_wrap=True)
    for text in texts:
        grid.add_row(*text)
    words = sum(min(longest, _NARROW) for longest in widths[:left])
    least = words + sum(widths[left:]) + 3 * len(columns) + 1
    screen = out if least <= out.width else Screen(width=least)
    screen.print(grid)
