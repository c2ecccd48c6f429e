"""Names given to commands: the same in every spelling, as names of events are."""

from typing import Any

import typer

from copq.schemas.names import canonical, fault_of_name, visible

_NAMES = frozenset({
    "plant", "line", "product", "stage", "code", "machine", "event", "name", "grade",
})  # fmt: skip
"""Parameters of commands that hold a name."""


def spell_names(command: Any) -> None:
    """Make the command read each name in its one spelling."""
    for one in getattr(command, "commands", {}).values():
        spell_names(one)
    for param in command.params:
        if param.name in _NAMES:
            param.callback = _SpellingCallback(param.callback)


class _SpellingCallback:
    """Runs before the parameter's own callback. Refuses invisible characters and says where."""

    def __init__(self, callback: Any) -> None:
        self._callback = callback

    def __call__(self, context: Any, param: Any, value: Any) -> Any:
        value = _canonical_spelling(value, context, param)
        return value if self._callback is None else self._callback(context, param, value)


def _canonical_spelling(value: Any, context: Any, param: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_canonical_spelling(one, context, param) for one in value]
    if not isinstance(value, str):
        return value
    if fault := fault_of_name(value):
        raise typer.BadParameter(f'"{visible(value)}" {fault}', ctx=context, param=param)
    return canonical(value)
