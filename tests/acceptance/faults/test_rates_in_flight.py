"""A cost table imported while events stream: used at once, and for what waited for it."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.support.faults.feeder import streaming
from tests.support.faults.plant import GADGET, RATES, Plant
from tests.support.faults.processes import copq, until
from tests.support.faults.site import Site

pytestmark = pytest.mark.kafka


async def test_events_wait_for_their_cost_table_and_are_priced_by_themselves_once_it_is_there(
    bare_site: Site, tmp_path: Path
) -> None:
    site, plant = bare_site, Plant(14)
    await site.import_rates(RATES)
    site.costing()
    site.aggregator()
    async with streaming(site.bootstrap, plant):
        await site.has_more_than(1_000)
        assert await _waiting(site) > 0
        (tmp_path / "gadget.yaml").write_text(GADGET)
        arguments = ("rates", "import", str(tmp_path / "gadget.yaml"), "--database", site.database)
        await asyncio.to_thread(copq, *arguments)
        await until(lambda: _none_waits(site), "what waited is priced")
        await site.has_more_than(await site.count() + 500)
    await site.is_right(plant.facts)
    assert await _priced_with(site, "gadget") == 2


async def _waiting(site: Site) -> int:
    return await _value(site, "select count(*) from copq.unpriced")


async def _none_waits(site: Site) -> bool:
    return await _waiting(site) == 0


async def _priced_with(site: Site, product: str) -> int:
    """The one version of the table that its entries were priced with."""
    query = "select distinct rate_version from copq.ledger where product = $1"
    return await _value(site, query, product)


async def _value(site: Site, query: str, *values: str) -> int:
    conn = await asyncpg.connect(site.database)
    found: int = await conn.fetchval(query, *values)
    await conn.close()
    return found
