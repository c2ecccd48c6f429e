"""Requests made from the OpenAPI document, sound and unsound, are answered as it says."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.ingest.http import make_http
from tests.ingest_http.serving import Kept


@schemathesis.serializer("application/x-ndjson")
def as_text(context: Any, value: Any) -> bytes:
    return str(value).encode(errors="surrogatepass")


schema = schemathesis.openapi.from_asgi("/openapi.json", make_http(Kept()))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@schema.include(path="/v1/events").parametrize()
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_what_the_document_allows_is_answered_as_it_says(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=CHECKS)
