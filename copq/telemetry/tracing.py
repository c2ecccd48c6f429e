"""Traces, where an OTLP endpoint is set: from the HTTP request through Kafka to the commit.

Where none is set OpenTelemetry is not imported: a batch then costs one call that does nothing.
Spans are made in `copq.telemetry.otlp`, the one module that knows it.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from copq.telemetry.spans import Tracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


_tracer = Tracer()


def tracer() -> Tracer:
    """The tracer of this process."""
    return _tracer


@contextmanager
def traced(service: str | None) -> Iterator[None]:
    """Trace the body as this service, if the environment names an endpoint; None is not traced."""
    global _tracer
    if service is None or not is_wanted(os.environ):
        yield
        return
    from copq.telemetry.otlp import OtlpTracer

    _tracer = OtlpTracer(service)
    try:
        yield
    finally:
        ended, _tracer = _tracer, Tracer()
        ended.close()


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's own variables ask for traces."""
    off = (
        environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or environment.get("OTEL_TRACES_EXPORTER") == "none"
    )
    return not off and any(environment.get(name) for name in ENDPOINTS)
