"""The provider that all tests of a file share."""

from collections.abc import Iterator

import pytest

from tests.support.sign_in.real import real_provider


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with real_provider() as url:
        yield url
