"""Valid questions: only parameters that the route has, each once, of plain text."""

from collections.abc import Iterable

from fastapi import Depends, HTTPException, Request

from copq.schemas.names import fault_of_name
from copq.schemas.refusal import nearest, printable_name


async def _refuse_unsound(request: Request) -> None:
    """Refuse unknown parameters: if ignored, the figures would answer another question."""
    known = [field.alias for field in request.scope["route"].dependant.query_params]
    path, asked = request.url.path, request.query_params.multi_items()
    if wrong := name_fault(path, asked, known) or _value_fault(asked):
        raise HTTPException(422, wrong)


SOUND = Depends(_refuse_unsound)
"""For the `dependencies` of every route under /v1 that is asked by its address."""


def name_fault(path: str, asked: Iterable[tuple[str, str]], known: list[str]) -> str | None:
    for name, _ in asked:
        if name not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            known_as = nearest(name, known)
            return f'"{printable_name(name)}" is not a parameter of {path}{known_as} ({has})'
    return None


def _value_fault(asked: Iterable[tuple[str, str]]) -> str | None:
    seen = set()
    for name, value in asked:
        if name in seen:
            return f"{name} is given twice: leave one out"
        if fault := fault_of_name(value):
            return f"{name} {fault}"
        seen.add(name)
    return None
