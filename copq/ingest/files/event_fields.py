"""The fields of one kind of event, made from a row's values."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from copq.ingest.files.cells import quote_cell
from copq.ingest.files.conditions import Values
from copq.ingest.files.faults import RowFault
from copq.ingest.files.field_kinds import TIMES, is_number
from copq.ingest.files.mapping import Fields, Source
from copq.ingest.files.reading import Reading
from copq.schemas.events import EVENT_MODELS
from copq.schemas.names import canonical
from copq.schemas.refusal import nearest

Maker = Callable[[Values], str | None]


class NoEvent(Exception):
    """The row says that nothing happened; `rule` is the rule of the mapping that says so."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class EventFields:
    """Makes an event's fields. What is empty in the file is left out of the event."""

    def __init__(
        self, event_type: str, constants: dict[str, str], fields: Fields, reading: Reading
    ) -> None:
        constant = {
            name: Source(const=value) for name, value in constants.items() if name not in fields
        }
        sources = {**constant, **fields}
        self._makers = [
            (name, _maker(event_type, name, source, reading)) for name, source in sources.items()
        ]
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
        nothing = _is_zero(quantity)
        if nothing and self._counts:
            raise NoEvent("quantity is 0")
        return nothing


def _is_zero(quantity: str) -> bool:
    """False of a constant or translated value that is not a number: the event is refused for it."""
    try:
        return Decimal(quantity) == 0
    except InvalidOperation:
        return False


def _maker(event_type: str, name: str, source: Source, reading: Reading) -> Maker:
    raw = _raw(event_type, name, source, reading)
    return _timed(name, raw, reading) if name in TIMES else raw


def _raw(event_type: str, name: str, source: Source, reading: Reading) -> Maker:
    column = source.column
    if column is None:
        return _sum(name, source.sum, reading) if source.sum else lambda values: source.const
    if source.values is not None:
        return _translated(name, column, source.values)
    if is_number(event_type, name):
        return _sum(name, (column,), reading)
    return lambda values: str(values[column]) or None


def _sum(name: str, columns: tuple[str, ...], reading: Reading) -> Maker:
    def total(values: Values) -> str | None:
        try:
            parts = [reading.number(c, values[c]) for c in columns if values[c]]
        except RowFault as fault:
            raise RowFault(name, fault.message) from None
        return f"{sum(parts, Decimal(0)):f}" if parts else None

    return total


def _translated(name: str, column: str, known: dict[str, str]) -> Maker:
    known = {canonical(text): value for text, value in known.items()}

    def translate(values: Values) -> str | None:
        text = canonical(values[column])
        if text not in known:
            if not text:
                return None
            hint = nearest(text, known)
            message = f"column {column} holds {quote_cell(text)}, which values does not list{hint}"
            raise RowFault(name, message)
        if not known[text]:
            raise NoEvent("value is translated to nothing")
        return known[text]

    return translate


def _timed(name: str, raw: Maker, reading: Reading) -> Maker:
    read = reading.clock.read_day if name == "occurred_at" else reading.clock.read

    def instant(values: Values) -> str | None:
        text = raw(values)
        try:
            return read(text).instant.isoformat() if text else None
        except RowFault as fault:
            raise RowFault(name, fault.message) from None

    return instant
