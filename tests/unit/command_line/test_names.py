"""A name that a command is given is the same in every spelling."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from copq.access.asking import lines_of
from copq.command_line.command import COMMANDS, app
from copq.command_line.names import _SpellingCallback

NFC, NFD = "Café", "Cafe\u0301"


def commands(found: Any, path: str) -> Iterator[tuple[str, Any]]:
    """A command, or those of a group, each with its words."""
    if not hasattr(found, "commands"):
        yield path, found
    for name, one in getattr(found, "commands", {}).items():
        yield from commands(one, f"{path} {name}")


def command(name: str) -> Any:
    return get_command(app).commands[name]  # type: ignore[attr-defined]


def test_every_plant_line_and_product_is_read_in_its_one_spelling() -> None:
    asked = [
        f"{path} {param.name}"
        for name in COMMANDS
        for path, found in commands(command(name), name)
        for param in found.params
        if param.name in ("plant", "line", "product", "stage", "name")
        and isinstance(param.callback, _SpellingCallback)
    ]
    assert len(asked) > 20 and {"report line", "entries stage", "tokens create line"} <= {*asked}
    report = command("report")
    with report.make_context("report", ["--line", NFD, "--plant", "a\u00a0b "]) as context:
        assert (context.params["line"], context.params["plant"]) == (NFC, "a b")


def test_what_nobody_sees_is_refused_with_its_place() -> None:
    said = CliRunner().invoke(app, ["report", "--line", "L\u200b1"])
    assert said.exit_code == 2
    assert 'holds U+200B (ZERO WIDTH SPACE) after "L"' in " ".join(said.output.split())


def test_the_lines_of_a_token_are_names() -> None:
    assert lines_of([NFC], [f"{NFC} /{NFD}"]) == {(NFC, None), (NFC, NFC)}
