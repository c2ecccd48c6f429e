"""The configured rules of a counter: its largest plausible step, and its rollover."""

from decimal import Decimal
from typing import NamedTuple

SIGNED = {1: 8, 2: 16, 3: 32, 4: 64}
"""Bits of Sparkplug's Int8 to Int64, by the number of the type."""
UNSIGNED = {5: 8, 6: 16, 7: 32, 8: 64}
"""Bits of UInt8 to UInt64."""

_SMALL = 8


class Rules(NamedTuple):
    """`datatype`: Sparkplug's number, as the birth declares it."""

    most_per_minute: Decimal
    rolls_over_at: Decimal | None = None
    datatype: int | None = None

    @property
    def is_signed(self) -> bool:
        return self.datatype in SIGNED

    def rollover(self, last: Decimal, value: Decimal) -> Decimal | None:
        """The increase, if `value` below `last` can be a rollover; otherwise None."""
        if self.rolls_over_at is not None:
            return self._configured(self.rolls_over_at, last, value)
        if self.datatype in UNSIGNED:
            return _declared(UNSIGNED[self.datatype], last, value)
        bits = SIGNED.get(self.datatype or 0)
        if bits is None:
            return None
        if value < 0:
            return _declared(bits, last, value)
        return _declared(bits - 1, last, value)

    def _configured(self, top: Decimal, last: Decimal, value: Decimal) -> Decimal | None:
        """The configured rollover; a signed type continues at its lowest, negative value."""
        bits = SIGNED.get(self.datatype or 0)
        if value < 0 and bits is None:
            return None
        lowest = 1 << (bits - 1) if bits is not None and value < 0 else 0
        step = top - last + value + lowest
        return step if 0 <= step < top / 2 else None


def _declared(bits: int, last: Decimal, value: Decimal) -> Decimal | None:
    """Types of more than 8 bits are seldom filled: near the top alone it is a rollover."""
    step = (1 << bits) - last + value
    most = Decimal(1 << bits) / (2 if bits <= _SMALL else 16)
    return step if 0 <= step < most else None
