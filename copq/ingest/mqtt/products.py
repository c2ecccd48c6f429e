"""Which product a device made at which time, by its product metric."""

from typing import Protocol

from copq.ingest.mqtt.memory import Memory
from copq.ingest.mqtt.message import refused

KEPT = 50
"""Changes of product that are remembered."""


class Makes(Protocol):
    """The part of a device that concerns its product."""

    @property
    def name(self) -> str: ...
    @property
    def product(self) -> str | None: ...
    @property
    def product_metric(self) -> str | None: ...


class Products:
    """The products of one device, stored in a memory."""

    def __init__(self, memory: Memory, device: Makes) -> None:
        self._memory, self._device = memory, device
        self._key = f"products/{device.name}"

    def put(self, since: str, product: str) -> None:
        """The device makes this product from `since` on. Changes may arrive in any order."""
        known = self._changes()
        before = [p for at, p in known if at <= since]
        if before and before[-1] == product and known[-1][0] <= since:
            return
        others = [change for change in known if change[0] != since]
        self._memory.put(self._key, sorted([*others, [since, product]])[-KEPT:])

    def at(self, at: str) -> str:
        """The product at a time, else the first known. Raises `Refused` if none is known."""
        if self._device.product is not None:
            return self._device.product
        known = self._changes()
        if not known:
            metric = str(self._device.product_metric)
            why = (
                f"{metric} has named no product yet: what is counted meanwhile is reported "
                "with the first product that it names"
            )
            raise refused("missing_field", metric, why)
        return next((p for since, p in reversed(known) if since <= at), known[0][1])

    def _changes(self) -> list[list[str]]:
        found: list[list[str]] = self._memory.get(self._key) or []
        return found
