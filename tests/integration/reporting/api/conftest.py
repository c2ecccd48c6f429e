"""The API over a database of the test's own, asked without a socket."""

from collections.abc import AsyncIterator

import httpx
import pytest

from copq.access.door import OpenDoor
from copq.reporting.api.app import add_api
from copq.reporting.source import reading_pool
from copq.web.pages.docs import documented_app
from tests.support.reporting.api.asking import Api


@pytest.fixture
async def api(database: str) -> AsyncIterator[Api]:
    """Asked at noon, UTC, of `NOW`, and everybody is let in unless the test changes the door."""
    pool = await reading_pool(database)
    app = documented_app("COPQ", "")
    found = Api(OpenDoor())
    found.app, found.source = app, add_api(app, pool, found, lambda: found.now)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://copq") as client:
        found.client = client
        yield found
    await pool.close()
