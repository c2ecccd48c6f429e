"""Requests made from the OpenAPI document, sound and unsound, are answered as it says.

They are made in the tests: to make them takes seconds, which collecting would cost each process.
"""

from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

from copq.ingest.http import make_http
from tests.support.ingest.http.serving import Kept
from tests.support.searching import examples, soaking

pytestmark = pytest.mark.hypothesis
_EACH = 25
"""Of the thousands of cases at the bounds of the document one of so many; a soak tries them all."""


@pytest.fixture(scope="module")
def operation() -> Any:
    import schemathesis

    @schemathesis.serializer("application/x-ndjson")
    def as_text(context: Any, value: Any) -> bytes:
        return str(value).encode(errors="surrogatepass")

    return schemathesis.openapi.from_asgi("/openapi.json", make_http(Kept()))["/v1/events"]["POST"]


def _modes() -> list[Any]:
    from schemathesis import GenerationMode

    return [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


def _call(case: Any) -> None:
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    case.call_and_validate(
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ]
    )


def _search(strategy: SearchStrategy[Any], most: settings) -> None:
    most(given(strategy)(_call))()


def test_the_examples_of_the_document_are_answered_as_it_says(operation: Any) -> None:
    strategies = operation.get_strategies_from_examples()
    assert len(strategies) >= 5
    for strategy in strategies:
        _search(strategy, settings(max_examples=1))


def test_requests_at_its_bounds_are_answered_as_it_says(operation: Any) -> None:
    """Each field missing, empty, too long, of another type, one at a time."""
    cases = operation.schema.iter_coverage_cases(
        operation,
        generation_modes=_modes(),
        generation_config=operation.schema.config.generation_for(operation=operation),
    )
    answered = 0
    for case in islice(cases, 0, None, 1 if soaking() else _EACH):
        _call(case)
        answered += 1
    assert answered > 300


@pytest.mark.parametrize("sound", [True, False])
def test_random_requests_are_answered_as_it_says(operation: Any, sound: bool) -> None:
    positive, negative = _modes()
    mode = positive if sound else negative
    _search(operation.as_strategy(generation_mode=mode), examples(0.15))
