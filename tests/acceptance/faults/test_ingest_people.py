"""The form and the tokens of `copq ingest`, through a real Kafka to the ledger."""

import httpx
import pytest

from tests.support.access.serving import bearer, grant, run
from tests.support.faults.processes import until
from tests.support.faults.sender import Sender
from tests.support.faults.site import Site
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.kafka

DAY = {"plant": "pune", "line": "L1", "product": "widget", "period": "day", "day": "2026-03-02"}


async def test_an_entry_of_the_form_reaches_the_ledger_once(site: Site) -> None:
    [port] = free_ports(1)
    token = await grant(site.database, "desk")
    reach = ("--kafka", site.bootstrap, "--database", site.database, "--port", str(port))
    site.service("ingest", "ingest", *reach).start()
    await Sender(port).is_answered()
    site.costing()
    site.aggregator()
    async with httpx.AsyncClient(
        verify=False, base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE_S
    ) as client:
        assert (await client.get("/v1/events/x")).status_code == 401
        client.headers.update(bearer(token))

        async def rates_are_read() -> bool:
            return (await client.get("/form", params=DAY)).status_code == 200

        await until(rates_are_read, "the form of the product is there")
        filled = {**DAY, "produced": "50", "reject:S2": "3", "submission": "s"}
        for _ in range(2):
            sent = await client.post("/form", data=filled)
            assert sent.status_code == 303
    await site.has_more_than(2)
    rows = await run(site.database, "select event_type from copq.event order by 1")
    assert [row["event_type"] for row in rows] == ["defect", "production"]
