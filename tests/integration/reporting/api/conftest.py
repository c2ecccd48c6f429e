"""The API over a database of the test's own, asked without a socket."""

from collections.abc import AsyncIterator

import pytest

from copq.access.door import OpenDoor
from tests.support.reporting.api.asking import Api
from tests.support.reporting.api.shared_app import asking


@pytest.fixture
async def api(database: str) -> AsyncIterator[Api]:
    """Asked at noon, UTC, of `NOW`, and everybody is let in unless the test changes the door."""
    async with asking(database, Api(OpenDoor())) as found:
        yield found
