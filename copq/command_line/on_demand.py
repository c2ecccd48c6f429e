"""Commands whose modules are loaded once they are named: all of them together take seconds."""

import ast
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from copq.command_line.faults import reported_plainly
from copq.command_line.names import spell_names


def on_demand(groups: Mapping[str, Mapping[str, str]]) -> type[TyperGroup]:
    """The commands at these places in `commands`: by group of the help, then by name."""
    places = {name: place for group in groups.values() for name, place in group.items()}

    class OnDemand(TyperGroup):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.commands: Mapping[str, Any] = _Commands(places)  # type: ignore[assignment]

        def list_commands(self, _: Any) -> list[str]:
            return list(places)

        def invoke(self, ctx: Any) -> Any:
            with reported_plainly():
                return super().invoke(ctx)

        def format_help(self, ctx: Any, formatter: Any) -> None:
            loaded, self.commands = self.commands, _help_entries(groups)
            try:
                super().format_help(ctx, formatter)
            finally:
                self.commands = loaded

    return OnDemand


class _Commands(Mapping[str, Any]):
    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _load_command(name, self._places[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _load_command(name: str, place: str) -> Any:
    """The function, or the group of functions, at `module.name`, as a command."""
    module, _, attribute = place.rpartition(".")
    found = getattr(import_module(f"copq.command_line.commands.{module}"), attribute)
    if isinstance(found, typer.Typer):
        command: Any = get_group(found)
        command.name = name
    else:
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        command = get_command(alone)
    spell_names(command)
    return command


def _help_entries(groups: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Commands that have a name and a help text, and cannot be run."""
    return {
        name: TyperCommand(name, help=help_of(place), rich_help_panel=title)
        for title, group in groups.items()
        for name, place in group.items()
    }


def help_of(place: str) -> str:
    """The help of the function or group at `module.name`, read from its source."""
    module, _, name = place.rpartition(".")
    file = Path(__file__).parent.joinpath("commands", *module.split(".")).with_suffix(".py")
    source = file.read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return ast.get_docstring(node) or ""
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return _help_argument(node.value)
    raise LookupError(f"no {place} in copq.command_line.commands")


def _help_argument(call: ast.expr) -> str:
    given = call.keywords if isinstance(call, ast.Call) else []
    return next((ast.literal_eval(one.value) for one in given if one.arg == "help"), "")
