"""A counter's increase as a quantity: through resets, rollovers, rebirths and restarts."""

from dataclasses import dataclass
from decimal import Decimal

from services.ingest.mqtt.memory import Memory

_HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Step:
    """What a new value means: the increase, and from which value on."""

    increase: Decimal
    since: Decimal | None
    remark: str = ""


def step(memory: Memory, name: str, value: Decimal, at: str, rolls_over_at: Decimal | None) -> Step:
    """Remember the value and answer what it adds. `at`: ISO 8601 in UTC.

    A value that is not newer than the last adds nothing: a later one has it in it already. That
    is so for a message that comes twice and for history that an edge node sends afterwards.
    """
    key = f"counter/{name}"
    kept = memory.get(key)
    if kept is None:
        memory.put(key, {"value": str(value), "at": at})
        return Step(Decimal(0), None, f"{name} begins at {value}: what it counts from here on")
    last = Decimal(kept["value"])
    if at < kept["at"] or (at == kept["at"] and value == last):
        return Step(Decimal(0), last)
    memory.put(key, {"value": str(value), "at": at})
    if value >= last:
        return Step(value - last, last)
    if rolls_over_at is not None and rolls_over_at - last + value < rolls_over_at * _HALF:
        return Step(rolls_over_at - last + value, last)
    return Step(value, last, f"{name} was reset from {last} to {value}: counted from nothing")
