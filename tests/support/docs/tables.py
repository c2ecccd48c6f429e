"""The tables of a document that say what to ask, and quote the answer."""

import asyncio
import re
import shlex
from typing import NamedTuple

from typer.testing import CliRunner

from copq.command_line.command import app
from tests.support.docs.blocks import ROOT

_SPAN = re.compile(r"`([^`]+)`")


class Asked(NamedTuple):
    """A row: the commands of its second cell, and what the third quotes of their answers."""

    about: str
    commands: list[str]
    quotes: list[str]


def asked(page: str, heading: str) -> list[Asked]:
    """The rows of the table below a heading."""
    section = (ROOT / page).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    lines = section.partition("\n## ")[0].splitlines()
    _, _, *rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    return [_row(*cells) for cells in rows]


def _row(about: str, ask: str, answer: str) -> Asked:
    quotes = [span for span in _SPAN.findall(answer) if not span.startswith("copq ")]
    return Asked(about, _SPAN.findall(ask), quotes)


async def answer(command: str, database: str) -> str:
    """What a command prints, with single spaces."""
    words = [*shlex.split(command)[1:], "--database", database]
    done = await asyncio.to_thread(CliRunner().invoke, app, words, env={"COPQ_TOKEN": None})
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())
