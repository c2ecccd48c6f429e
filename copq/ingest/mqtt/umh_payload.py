"""Payloads of `_analytics`, with the names in its documentation, examples and code.

These disagree: `end_time` and `end_time_unix_ms`, `badQuantity` and `bad_quantity`, and the
product is `external_product_id`, `external_product_type_id` or the same in camel case. All are
taken; two that contradict each other in one message are refused.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from pydantic import TypeAdapter, ValidationError

from copq.ingest.mqtt.message import refused
from copq.pricing.clock_check import TOLERANCE
from copq.schemas.fields import Identifier, Instant, Quantity, QuantityOrNone

_SAME = {
    "external_product_id": "product",
    "external_product_type_id": "product",
    "product_type_id": "product",
    "product_id": "lot",
    "product_batch_id": "lot",
    "external_work_order_id": "order",
    "work_order_id": "order",
}
_TIMES = ("start_time", "end_time")
_MS = "_unix_ms"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_decode = msgspec.json.Decoder(float_hook=Decimal).decode

IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)
QUANTITY: TypeAdapter[Decimal] = TypeAdapter(Quantity)
QUANTITY_OR_NONE: TypeAdapter[Decimal] = TypeAdapter(QuantityOrNone)
INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


class Payload:
    """The members of a payload by their plain names; each is checked as it is asked for."""

    def __init__(self, raw: bytes, now: datetime) -> None:
        """Raises `Refused`."""
        self._latest = now + TOLERANCE
        try:
            data = _decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise refused("malformed_json", "", f"is not JSON: {error}") from None
        if not isinstance(data, dict):
            raise refused("not_an_object", "", "an _analytics message is a JSON object")
        self._members: dict[str, Any] = {}
        self._said: dict[str, str] = {}
        self._take(data)

    def _take(self, data: dict[str, Any]) -> None:
        for said, value in data.items():
            name = _HUMP.sub("_", said).lower()
            in_ms = name.endswith(_MS)
            name = name.removesuffix(_MS)
            name = _SAME.get(name, name)
            if name == "product" and isinstance(value, dict):
                self._take(value)
            elif value is not None:
                self._set(name, said, _time(said, value, in_ms) if name in _TIMES else value)

    def _set(self, name: str, said: str, value: Any) -> None:
        if name in self._members and self._members[name] != value:
            why = f"{said} and {self._said[name]} contradict each other; send one of them"
            raise refused("inconsistent", said, why[:480])
        self._members[name], self._said[name] = value, said

    def text(self, name: str) -> str:
        """Required."""
        value = self._required(name)
        return str(_validate(IDENTIFIER, self._said[name], _plain_number(value)))

    def text_or_none(self, name: str) -> str | None:
        return self.text(name) if name in self._members else None

    def time(self, name: str) -> datetime:
        """Required."""
        found: datetime = self._required(name)
        return found

    def past(self, name: str) -> datetime:
        """A required time that is not in the future."""
        found = self.time(name)
        if found > self._latest:
            said = self._said[name]
            why = f"{said} {found.isoformat()} is more than a day ahead: set the sender's clock"
            raise refused("in_the_future", said, why)
        return found

    def time_or_none(self, name: str) -> datetime | None:
        return self._members.get(name)

    def quantity(self, name: str) -> Decimal:
        """Required, more than zero."""
        found: Decimal = _validate(QUANTITY, self._said[name], self._required(name))
        return found

    def rejects(self, required: bool) -> Decimal:
        """`bad_quantity`, which may be zero."""
        if not required and "bad_quantity" not in self._members:
            return Decimal(0)
        value, said = self._required("bad_quantity"), self._said["bad_quantity"]
        found: Decimal = _validate(QUANTITY_OR_NONE, said, value)
        return found

    def state(self) -> int:
        value = self._required("state")
        if not isinstance(value, int) or isinstance(value, bool):
            raise refused("invalid_value", "state", "state must be a whole number such as 10000")
        return value

    def _required(self, name: str) -> Any:
        if name not in self._members:
            also = [there for there, plain in _SAME.items() if plain == name]
            also += [f"{name}{_MS}"] if name in _TIMES else []
            hint = f" (or {', '.join(also)})" if also else ""
            raise refused("missing_field", name, f"{name}{hint} is missing")
        return self._members[name]


def _plain_number(value: Any) -> Any:
    """A numeric id as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _time(said: str, value: Any, in_ms: bool) -> datetime:
    number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if in_ms and isinstance(value, str) and value.isdigit():
        value, number = int(value), True
    try:
        found = _EPOCH + timedelta(milliseconds=float(value)) if number else value
    except OverflowError:
        raise refused("out_of_range", said, f"{said} is not a time in milliseconds") from None
    at: datetime = _validate(INSTANT, said, found)
    return at


def _validate(kind: TypeAdapter[Any], said: str, value: Any) -> Any:
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise refused("invalid_value", said, f"{said}: {why[:1].lower()}{why[1:]}") from None
