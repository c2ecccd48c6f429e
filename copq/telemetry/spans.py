"""Spans and the tracer that makes them. These record nothing; those of `otlp` do."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from aiokafka.structs import ConsumerRecord


class Span:
    """Begins when it is made. As a context manager it is the current span, and ends with the body.

    This one is not recorded.
    """

    def tell(self, attributes: Mapping[str, Any]) -> None:
        """Add attributes."""

    def failed(self, why: str) -> None:
        """Mark it as an error. An exception that leaves the context does so by itself."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


_UNRECORDED = Span()


class Tracer:
    """What the services call. This one records nothing."""

    def request(self, name: str, parent: str | None) -> Span:
        """An HTTP request, in the trace of the client's `traceparent` if it sent one."""
        return _UNRECORDED

    def batch(self, topic: str, group: str, records: "Iterable[ConsumerRecord]") -> Span:
        """Work on records of a topic: in the trace of one of them, linked to those of others."""
        return _UNRECORDED

    def transaction(self, name: str, parents: Iterable[bytes | None]) -> Span:
        """Work for several spans at once: each of them has it as a child."""
        return _UNRECORDED

    def traceparent(self) -> bytes | None:
        """The `traceparent` of the current span, for the next service."""
        return None

    def close(self) -> None:
        """Send the pending spans, within a second or two."""
