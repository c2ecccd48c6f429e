"""Why an event is refused: a code, the field, and a sentence that says what to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from copq.schemas.events import EVENT_MODELS, Grades
from copq.schemas.names import visible

PRICE_NAMES = frozenset({
    "price", "unit_price", "cost", "unit_cost", "total_cost", "amount", "value", "net", "gross",
    "rate", "total", "currency", "copq", "standard_cost",
})  # fmt: skip

SHOWN = 64
"""Of a name that somebody sent, as much as a person needs to find it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason. `code` is for programs, `message` for people, `field` may be empty."""

    code: str
    field: str
    message: str


class Refused(ValueError):
    """The bytes are not a quality event."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def from_validation(error: ValidationError) -> Refusal:
    """The most telling of pydantic's complaints, in the words of the field."""
    complaints: Any = error.errors(include_url=False, include_input=False)
    return _translate(min(complaints, key=_rank))


def _rank(error: dict[str, Any]) -> tuple[int, bool]:
    """The lowest tells most. Of a stop's two times, `started_at` is the one that was given."""
    kind = "price" if _is_price(error) else error["type"]
    place = _TELLING.index(kind) if kind in _TELLING else len(_TELLING)
    return place, error["loc"][-1:] == ("occurred_at",)


_TELLING = ("json_invalid", "union_tag_invalid", "union_tag_not_found", "price", "extra_forbidden")


def _is_price(error: dict[str, Any]) -> bool:
    return error["type"] == "extra_forbidden" and str(error["loc"][-1]).lower() in PRICE_NAMES


def _translate(error: dict[str, Any]) -> Refusal:
    kind, where = error["type"], _path(error["loc"])
    if kind == "json_invalid":
        return Refusal("malformed_json", "", f"is not JSON: {error['ctx']['error']}")
    if kind in ("dict_type", "model_attributes_type") and not where:
        return Refusal("not_an_object", "", "an event is a JSON object")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _event_type(error, where)
    if kind == "extra_forbidden":
        return _extra(error, where)
    if kind == "value_error":
        return _own_rule(error, where)
    return Refusal(_CODES.get(kind, "invalid_value"), where, _explain(kind, where, error))


_CODES = {
    "missing": "missing_field",
    "timezone_aware": "naive_datetime",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "finite_number": "out_of_range",
    "decimal_max_places": "out_of_range",
    "bad_character": "bad_identifier",
    "string_pattern_mismatch": "bad_identifier",
    "string_too_long": "bad_identifier",
    "string_too_short": "bad_identifier",
}


def _is_replacement(loc: tuple[Any, ...]) -> bool:
    return loc[:2] == ("correction", "replacement")


def _path(loc: tuple[Any, ...]) -> str:
    """Where it is in the event. Pydantic puts the event type before the names of its fields."""
    parts = (loc[1:2] + loc[3:]) if _is_replacement(loc) else loc[1:]
    return ".".join(printable_name(part) for part in parts if part != "[key]")


def printable_name(name: Any) -> str:
    """A name from outside, fit to be stored and printed."""
    return visible(str(name)[:SHOWN])


def _type_of(loc: tuple[Any, ...]) -> str:
    return str(loc[2] if _is_replacement(loc) else loc[0])


def _explain(kind: str, where: str, error: dict[str, Any]) -> str:
    if kind == "missing":
        return _missing(where, error["loc"])
    if kind == "timezone_aware":
        return f"{where} needs an offset, such as 2026-01-31T14:05:00+01:00 or …Z"
    if kind == "bad_character":
        return f"{where} {error['msg']}"
    return f"{where}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _missing(where: str, loc: tuple[Any, ...]) -> str:
    tag = _type_of(loc)
    fields = EVENT_MODELS[tag].model_fields
    needed = [name for name, field in fields.items() if field.is_required()]
    if tag == "downtime":
        needed.remove("occurred_at")
    return f"{where} is missing: {tag} events need {', '.join(needed)}"


def _event_type(error: dict[str, Any], where: str) -> Refusal:
    field = f"{where}.event_type" if where else "event_type"
    types = [tag for tag in EVENT_MODELS if not where or tag != "correction"]
    given, choice = error["ctx"].get("tag"), f"it is one of {', '.join(types)}"
    if given is None:
        return Refusal("missing_field", field, f"{field} is missing; {choice}")
    hint = " here" if given in EVENT_MODELS else nearest(given, types)
    return Refusal(
        "unknown_event_type",
        field,
        f'"{printable_name(given)}" is not an event type{hint}; {choice}',
    )


def _extra(error: dict[str, Any], where: str) -> Refusal:
    name = error["loc"][-1]
    if _is_price(error):
        return Refusal(
            "price_refused",
            where,
            f"{name} is refused: an event says what happened, never what it cost; "
            "costs come from the rate book (copq rates import)",
        )
    tag, in_grades = _type_of(error["loc"]), error["loc"][-2] == "grades"
    known = (Grades if in_grades else EVENT_MODELS[tag]).model_fields
    owner = "grades" if in_grades else f"{tag} events"
    return Refusal(
        "unknown_field",
        where,
        f'"{printable_name(name)}" is not a field of {owner}{nearest(name, known)}',
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint at the known name that was probably meant, or nothing; capitals do not matter."""
    spelt = {word.casefold(): word for word in sorted(known, reverse=True)}
    close = get_close_matches(str(name)[:SHOWN].casefold(), spelt, n=1, cutoff=0.6)
    return f'; did you mean "{spelt[close[0]]}"?' if close else ""


def none_of(name: str, known: Sequence[str]) -> str:
    """`is none of a, b; did you mean "a"?`"""
    return f"is none of {', '.join(known)}{nearest(name, known)}"


def _own_rule(error: dict[str, Any], where: str) -> Refusal:
    """A rule across fields begins with the field's name and a colon."""
    message = error["msg"].removeprefix("Value error, ")
    field, colon, rest = message.partition(": ")
    if colon and " " not in field:
        path = f"{where}.{field}" if where else field
        return Refusal("inconsistent", path, f"{path} {rest}")
    return Refusal("invalid_value", where, f"{where} {message}")
