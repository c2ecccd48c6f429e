"""Most of these tests start services."""

from collections.abc import Iterator

import pytest

from tests.support.database.shared_server import SharedServer


@pytest.fixture
def database(shared: SharedServer) -> Iterator[str]:
    """The address of a migrated database of the test's own, where a service has run before."""
    with shared.database(served=True) as dsn:
        yield dsn
