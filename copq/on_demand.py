"""Commands whose modules are loaded once they are named: all of them together take a second."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group


def on_demand(places: Mapping[str, str]) -> type[TyperGroup]:
    """A group of the commands at `places` in `copq.commands`, by name in the order of the help."""

    class OnDemand(TyperGroup):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.commands: Mapping[str, Any] = _Commands(places)  # type: ignore[assignment]

        def list_commands(self, _: Any) -> list[str]:
            return list(places)

    return OnDemand


class _Commands(Mapping[str, Any]):
    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _made(name, self._places[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _made(name: str, place: str) -> Any:
    """The function, or the group of functions, at `module.name`, as a command."""
    module, _, attribute = place.rpartition(".")
    found = getattr(import_module(f"copq.commands.{module}"), attribute)
    if isinstance(found, typer.Typer):
        group = get_group(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return get_command(alone)
