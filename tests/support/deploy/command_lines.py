"""Whether a deployment starts commands that there are, with options that they have."""

from collections.abc import Mapping
from typing import Any

from typer.main import get_command

from copq.command_line.command import app


def parse(arguments: list[str], environment: Mapping[str, str]) -> None:
    """Raise click's `UsageError` where `copq` would refuse these arguments; nothing is run."""
    name, *given = arguments
    command: Any = get_command(app).commands[name]  # type: ignore[attr-defined]
    for option in command.params:
        if option.envvar in environment and not getattr(option, "is_flag", False):
            given += [option.opts[0], environment[option.envvar]]
    command.make_context(name, given)
