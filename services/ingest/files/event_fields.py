"""The fields of one kind of event, made from a row's values."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from schemas.events import EVENT_MODELS
from schemas.names import canonical
from schemas.refusal import nearest
from services.ingest.files.clock import Clock
from services.ingest.files.conditions import Values, number
from services.ingest.files.faults import RowFault
from services.ingest.files.mapping import Fields, Source
from services.ingest.files.mapping_check import TIMES

Maker = Callable[[Values], str | None]


class NoEvent(Exception):
    """The row says in so many words that nothing happened: 0 pieces, a reason that is none."""


class EventFields:
    """Makes an event's fields. What is empty in the file is left out of the event."""

    def __init__(
        self, event_type: str, constants: dict[str, str], fields: Fields, clock: Clock
    ) -> None:
        constant = {
            name: Source(const=value) for name, value in constants.items() if name not in fields
        }
        sources = {**constant, **fields}
        self._makers = [(name, _maker(name, source, clock)) for name, source in sources.items()]
        quantity = EVENT_MODELS[event_type].model_fields.get("quantity")
        self._counts = quantity is not None and quantity.is_required()

    def of(self, values: Values) -> dict[str, Any]:
        """The fields. Raises `NoEvent`, and `RowFault` where a value cannot be read."""
        event: dict[str, Any] = {}
        for name, make in self._makers:
            text = make(values)
            if text is None or (name == "quantity" and self._is_nothing(text)):
                continue
            field, dot, member = name.partition(".")
            if dot:
                event.setdefault(field, {})[member] = text
            else:
                event[name] = text
        return event

    def _is_nothing(self, quantity: str) -> bool:
        """A quantity of 0: no event, or for events that need none, no quantity."""
        try:
            nothing = Decimal(quantity) == 0
        except InvalidOperation:
            return False
        if nothing and self._counts:
            raise NoEvent
        return nothing


def _maker(name: str, source: Source, clock: Clock) -> Maker:
    raw = _raw(name, source)
    return _timed(name, raw, clock) if name in TIMES else raw


def _raw(name: str, source: Source) -> Maker:
    column = source.column
    if column is None:
        return _sum(source.sum) if source.sum else lambda values: source.const
    if source.values is not None:
        return _translated(name, column, source.values)
    return lambda values: values[column] or None


def _sum(columns: tuple[str, ...]) -> Maker:
    def total(values: Values) -> str | None:
        parts = [number(column, values[column]) for column in columns if values[column]]
        return str(sum(parts, Decimal(0))) if parts else None

    return total


def _translated(name: str, column: str, known: dict[str, str]) -> Maker:
    known = {canonical(text): value for text, value in known.items()}

    def translate(values: Values) -> str | None:
        text = canonical(values[column])
        if text not in known:
            if not text:
                return None
            hint = nearest(text, known)
            raise RowFault(
                name, f'column {column} holds "{text[:64]}", which values does not list{hint}'
            )
        if not known[text]:
            raise NoEvent
        return known[text]

    return translate


def _timed(name: str, raw: Maker, clock: Clock) -> Maker:
    def instant(values: Values) -> str | None:
        text = raw(values)
        try:
            return clock.read(text).instant.isoformat() if text else None
        except RowFault as fault:
            raise RowFault(name, fault.message) from None

    return instant
