"""Spans by OpenTelemetry, sent as OTLP over HTTP. Imported only where an endpoint is set."""

import logging
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from itertools import islice
from threading import Thread
from typing import Any, Self

from aiokafka.structs import ConsumerRecord
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from copq.telemetry.spans import Span, Tracer
from copq.telemetry.traceparents import is_sampled, traceparents

LINKS = 32
"""Traces that one batch is linked to, and requests that one transaction is shown in, at most."""

CLOSED_WITHIN_S = 1.5
"""What an endpoint has not taken by then is lost: a service that leaves does not wait for it."""

_PROTOCOL = "http/protobuf"

log = logging.getLogger(__name__)
_w3c = TraceContextTextMapPropagator()


class OtlpSpan(Span):
    """One span, or several with the same attributes."""

    def __init__(self, spans: list[trace.Span]) -> None:
        self._spans = spans
        self._open = ExitStack()

    def tell(self, attributes: Mapping[str, Any]) -> None:
        for span in self._spans:
            span.set_attributes(attributes)

    def failed(self, why: str) -> None:
        for span in self._spans:
            span.set_status(StatusCode.ERROR, why)

    def __enter__(self) -> Self:
        for span in self._spans:
            self._open.enter_context(trace.use_span(span, end_on_exit=True))
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)


class OtlpTracer(Tracer):
    """Sends in its own thread from a bounded queue, and drops spans that it cannot send."""

    def __init__(self, service: str) -> None:
        _warn_of_protocol()
        # It tells of each attempt; that spans were lost is an error.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
        self._provider = TracerProvider(resource=_resource(service), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("copq")

    def request(self, name: str, parent: str | None) -> Span:
        context = _context(parent) if parent else Context()
        return OtlpSpan([self._tracer.start_span(name, context, SpanKind.SERVER)])

    def batch(self, topic: str, group: str, records: Iterable[ConsumerRecord]) -> Span:
        """Sampled traces come first: their origin decided to record them."""
        known = traceparents(records)
        chosen = list(islice(filter(is_sampled, known), LINKS)) or known[:1]
        contexts = [_context(value.decode()) for value in chosen]
        links = [Link(trace.get_current_span(context).get_span_context()) for context in contexts]
        said = {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.operation.name": "process",
            "messaging.destination.name": topic,
            "messaging.consumer.group.name": group,
        }
        parent = contexts[0] if contexts else Context()
        return OtlpSpan(
            [self._tracer.start_span(f"process {topic}", parent, SpanKind.CONSUMER, said, links)]
        )

    def transaction(self, name: str, parents: Iterable[bytes | None]) -> Span:
        known = [value for value in dict.fromkeys(parents) if value and is_sampled(value)]
        contexts = [_context(value.decode()) for value in known[:LINKS]]
        return OtlpSpan([self._tracer.start_span(name, context) for context in contexts])

    def traceparent(self) -> bytes | None:
        carrier: dict[str, str] = {}
        _w3c.inject(carrier)
        return carrier["traceparent"].encode() if carrier else None

    def close(self) -> None:
        """Close in a thread: the SDK waits as long as its exporter tries."""
        closing = Thread(target=self._provider.shutdown, name="traces end", daemon=True)
        closing.start()
        closing.join(CLOSED_WITHIN_S)
        if closing.is_alive():
            log.warning("the last traces are lost: their endpoint does not answer")


def _context(traceparent: str) -> Context:
    """The context of a `traceparent`; empty for any other text."""
    return _w3c.extract({"traceparent": traceparent}, Context())


def _resource(service: str) -> Resource:
    """The resource of the environment; its service name takes precedence too."""
    named = Resource({SERVICE_NAME: service}).merge(OTELResourceDetector().detect())
    return Resource.create(named.attributes)


def _warn_of_protocol() -> None:
    for name in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if os.environ.get(name, "") not in ("", _PROTOCOL):
            log.warning("%s: traces are sent as %s anyway", name, _PROTOCOL)
