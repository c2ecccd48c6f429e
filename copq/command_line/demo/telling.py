"""How the demo speaks: headings, the command behind each figure, plain sentences."""

from rich.rule import Rule
from rich.text import Text

from copq.command_line.terminal import out

PAGE = 100
"""Columns that prose fills at most: longer lines are hard to read."""


def print_heading(text: str) -> None:
    out.print()
    out.print(Rule(Text(text, style="bold"), align="left", style="dim"), width=_width())


def print_command(words: str) -> None:
    """Print a command to copy: it shows the figures below, or repeats the last step."""
    out.print(f"$ {words}", style="cyan", markup=False, soft_wrap=True)


def say(text: str) -> None:
    out.print(text, markup=False, width=_width())


def remark(text: str) -> None:
    """Print a note on the figures above."""
    out.print(text, style="dim", markup=False, width=_width())


def _width() -> int:
    return min(out.width, PAGE)
