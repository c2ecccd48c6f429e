"""Traces, where an OTLP endpoint is set: from the HTTP request through Kafka to the commit.

Where none is set OpenTelemetry is not imported: a batch then costs one call that does nothing.
Spans are made in `services.otlp`, the one module that knows it.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from aiokafka.structs import ConsumerRecord

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Span:
    """Begins as it is made. As a context it is the current one, and ends with it.

    This one is not recorded.
    """

    def tell(self, attributes: Mapping[str, Any]) -> None:
        """Add to what is said of it."""

    def failed(self, why: str) -> None:
        """Mark it as an error; what is raised out of the context is marked by itself."""

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
        """Of the current span, to be handed on."""
        return None

    def close(self) -> None:
        """Send what is not sent yet, within a second or two."""


_tracer = Tracer()


def tracer() -> Tracer:
    """That of this process."""
    return _tracer


@contextmanager
def traced(service: str | None) -> Iterator[None]:
    """Trace meanwhile, as this service, if the environment says where to; None is never traced."""
    global _tracer
    if service is None or not is_wanted(os.environ):
        yield
        return
    from services.otlp import OtlpTracer

    _tracer = OtlpTracer(service)
    try:
        yield
    finally:
        ended, _tracer = _tracer, Tracer()
        ended.close()


def is_wanted(environment: Mapping[str, str]) -> bool:
    """By OpenTelemetry's own variables."""
    off = (
        environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or environment.get("OTEL_TRACES_EXPORTER") == "none"
    )
    return not off and any(environment.get(name) for name in ENDPOINTS)
