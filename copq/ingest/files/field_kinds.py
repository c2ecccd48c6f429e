"""What kind of value a field of an event takes: a time, a number, or text."""

from decimal import Decimal
from functools import cache
from typing import Any, get_args

from copq.schemas.events import EVENT_MODELS

TIMES = frozenset({"occurred_at", "started_at", "ended_at"})


@cache
def is_number(event_type: str, name: str) -> bool:
    """Whether the field, or the member of a field (`grades.severity`), is a number."""
    outer, dot, _ = name.partition(".")
    if dot:
        return outer == "grades"
    field = EVENT_MODELS[event_type].model_fields.get(name)
    return field is not None and _holds_number(field.annotation)


def _holds_number(annotation: Any) -> bool:
    return annotation in (Decimal, int) or any(map(_holds_number, get_args(annotation)))
