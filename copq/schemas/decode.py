"""From bytes to an event: the one door for HTTP, Kafka, files and tests.

A message is first read by msgspec into a twin of its pydantic model, which is eight times
as quick; what the twin does not accept without doubt goes to pydantic, whose word is law.
So a twin may be stricter than its model but never laxer (a property test holds it to that).
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import attrgetter, or_
from typing import Annotated, Any, cast

import msgspec
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from copq.schemas.events import EVENT, EVENT_MODELS, Event, QualityEvent
from copq.schemas.fields import MAX_COUNT, OWN_IDS
from copq.schemas.names import are_kept_as_they_are, is_plain
from copq.schemas.refusal import Refusal, Refused, from_validation

MAX_EVENT_BYTES = 256 * 1024
_BACKSLASH, _DELETE = b"\\\x7f"

_TWINNED = ("production", "defect", "scrap", "downgrade")
"""The types that come by the thousand; the others are too rare to be worth a twin."""

_Short = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Long = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
_TWIN_TYPES: dict[str, Any] = {
    "event_id": _Long,
    "occurred_at": Annotated[datetime, msgspec.Meta(tz=True)],
    "quantity": Decimal,
    "good": Decimal,
    "attributes": Annotated[dict[_Short, _Long], msgspec.Meta(max_length=16)],
}

_COUNT = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]


def _twin_field(name: str, field: FieldInfo) -> tuple[Any, ...]:
    kind = _COUNT if field.annotation is int else _TWIN_TYPES.get(name, _Short)
    if field.is_required():
        return name, kind
    return name, kind | None if field.default is None else kind, field.default


def _twin(tag: str, model: type[QualityEvent]) -> type[msgspec.Struct]:
    fields = [_twin_field(n, f) for n, f in model.model_fields.items() if n != "event_type"]
    return msgspec.defstruct(
        model.__name__, fields, tag_field="event_type", tag=tag, kw_only=True, frozen=True,
        forbid_unknown_fields=True, gc=False, namespace={"event_type": tag},
    )  # fmt: skip


_twins: Any = reduce(or_, (_twin(tag, EVENT_MODELS[tag]) for tag in _TWINNED))
_decode_twin = msgspec.json.Decoder(_twins).decode


def decode(raw: bytes) -> Event:
    """One event from the bytes of one JSON object.

    Raises `Refused`, which names code, field and reason. The answer behaves like the pydantic
    model of its type (same attributes and values) but need not be an instance of it.
    """
    # An escape or a DEL may hide a control character, which only the model looks for.
    if _BACKSLASH not in raw and _DELETE not in raw and len(raw) <= MAX_EVENT_BYTES:
        try:
            event = _decode_twin(raw)
            if _beyond_doubt(event) and (_are_names_kept(event) or is_plain(raw)):
                return cast(Event, event)
        except (msgspec.DecodeError, InvalidOperation, ValueError, RecursionError):
            pass
    return decode_strictly(raw)


def _beyond_doubt(event: Any) -> bool:
    """What msgspec cannot check itself; a doubt costs time, no correctness."""
    if event.event_id.startswith(OWN_IDS):
        return False
    quantity = event.quantity
    if quantity <= 0 or not _is_short(quantity) or not 2000 < event.occurred_at.year < 2199:
        return False
    good = event.good if event.event_type == "production" else None
    return good is None or (0 <= good <= quantity and _is_short(good))


def _are_names_kept(event: Any) -> bool:
    """Whether all names are spelt as they are kept; the others are for the model to spell."""
    return event.attributes is None and are_kept_as_they_are(_names(event))


_NAMES = [n for n in QualityEvent.model_fields if n not in ("occurred_at", "attributes")]
_names = attrgetter(*_NAMES)


def _is_short(number: Decimal) -> bool:
    """So few digits that neither the bound nor the decimal places can be exceeded."""
    text = str(number)
    return len(text) <= 7 and "E" not in text


def decode_strictly(raw: bytes) -> Event:
    """As `decode`, by the pydantic model alone."""
    if len(raw) > MAX_EVENT_BYTES:
        raise Refused(Refusal("too_large", "", f"is {len(raw)} bytes; {MAX_EVENT_BYTES} at most"))
    try:
        return EVENT.validate_json(raw)
    except ValidationError as error:
        raise Refused(from_validation(error)) from None


def with_fields(event: Event, fields: Mapping[str, Any]) -> Event:
    """A decoded event with other values in these fields; they are not checked."""
    if isinstance(event, BaseModel):
        return event.model_copy(update=fields)
    return cast(Event, msgspec.structs.replace(event, **fields))
