"""The commands of a document.

A block whose lines begin with a program is a script, which runs as it stands. One that needs a
server which is not here has a comment before it, and its commands are only looked up:

    <!-- elsewhere: a Kafka broker -->
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from typer.main import get_command

from copq.command_line.command import app

ROOT = Path(__file__).parents[3]
PROGRAMS = (
    "copq ", "curl", "make", "docker", "kubectl", "helm", "mosquitto_pub", "pg_dump", "createdb",
    "pg_restore", "kafka-", "node ", "sed", "mkdir", "cp", "mv", "export", "printf", "kept=",
    "COPQ=",
)  # fmt: skip
_BLOCK = re.compile(
    r"(?P<comments>(?:^ *<!--[^\n]*-->\n)*)^ *```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
    re.S | re.M,
)
_ELSEWHERE = re.compile(r"<!-- elsewhere: (.*?) -->")
_CALL = re.compile(
    r"(?:^|[|;&`]|\$\(|compose run --rm)\s*(?:[A-Z_]+=\S*\s+)*copq +([^|;&`\n)#>$]+)", re.M
)
_SPAN = re.compile(r"(?<!`)`(copq [^`]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    text: str
    elsewhere: str | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [str(page.relative_to(ROOT)) for page in found]


def printed(page: str) -> list[str]:
    """The lines that a document shows as printed by its commands that run here, without repeated
    blanks."""
    found = [
        match["text"]
        for match in _BLOCK.finditer((ROOT / page).read_text(encoding="utf-8"))
        if match["language"] == "text" and not _ELSEWHERE.search(match["comments"])
    ]
    return [" ".join(line.split()) for shown in found for line in shown.splitlines()]


def blocks(page: str) -> list[Block]:
    text = (ROOT / page).read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        lines = [line.strip() for line in match["text"].splitlines()]
        shown = match["language"] not in ("", "sh")
        if not shown and any(line.startswith(PROGRAMS) for line in lines):
            needs = _ELSEWHERE.search(match["comments"])
            line = text.count("\n", 0, match.start("text")) + 1
            found.append(Block(page, line, match["text"], needs[1] if needs else None))
    return found


def calls(page: str) -> Iterator[list[str]]:
    """The words after each `copq` that a document tells to run, in blocks and in its text."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in blocks(page):
        for found in _CALL.findall(block.text):
            yield found.split()
    for span in _SPAN.findall(text):
        for found in _CALL.findall(" ".join(span.split())):
            yield found.split()


@cache
def _copq() -> Any:
    return get_command(app)


def fault(words: list[str]) -> str | None:
    """What is wrong with a call: an unknown command, or an option that it does not have."""
    command = _copq()
    for word in words:
        if word.startswith("-"):
            break
        commands = getattr(command, "commands", None)
        if commands is None or not word.islower():
            break
        if word not in commands:
            return f'no command "{word}"'
        command = commands[word]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    known |= {"--help", "-h"}
    given = [word.partition("=")[0].strip("[],.…") for word in words if word.startswith("--")]
    return next((f"no option {name}" for name in given if name not in known), None)
