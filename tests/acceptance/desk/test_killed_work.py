"""Long work goes on in another service after a kill, and nothing is booked twice."""

import asyncio
import signal
import sys
from contextlib import suppress
from decimal import Decimal

from copq.database.connections import DatabaseRole, connected
from copq.desk.working import keep_working
from copq.figures.verify import verify
from copq.posting.post import prepare
from copq.rates.store import import_rates
from tests.support.access.serving import run
from tests.support.building import book, defect, post_events, rates
from tests.support.desk.asking import desk_client
from tests.support.patience import PATIENCE_S

EVENTS, GONE_S = 23, 2.0


async def test_a_killed_repricing_goes_on_in_another_service_and_books_nothing_twice(
    database: str,
) -> None:
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(), "rates.yaml", "test")
    async with connected(database, DatabaseRole.AGGREGATOR) as conn:
        await prepare(conn)
        raws = [defect(f"d{n}", f"2026-03-02T10:{n:02}:00+01:00") for n in range(EVENTS)]
        await post_events(conn, book(), raws)
    raised = rates().model_copy(deep=True)
    table = raised.cost_tables[0]
    stages = tuple(one.model_copy(update={"raw_material": Decimal(7)}) for one in table.stages)
    raised = raised.model_copy(
        update={"cost_tables": (table.model_copy(update={"stages": stages}),)}
    )
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, raised, "rates.yaml", "test")
    async with desk_client(database) as desk:
        body = {"why": "invoice 4711 came late"}
        asked = await desk.post("/v1/repricings", 202, json=body, key="k")
        path = asked.headers["location"]
        again = await desk.post("/v1/repricings", 202, json=body, key="k")
        assert again.headers["location"] == path

        program = [sys.executable, "-m", "tests.support.desk.held_worker", database]
        held = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
        assert held.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            assert int(await held.stdout.readline()) == 10  # half of it is booked
        held.send_signal(signal.SIGKILL)
        await held.wait()
        half = await run(database, "select count(*) as n from copq.ledger where reverses > 0")
        assert half[0]["n"] == 10
        assert (await desk.get(path)).json()["state"] == "running"

        working = asyncio.create_task(keep_working(database, gone_s=GONE_S, every_s=0.1))
        async with asyncio.timeout(PATIENCE_S):
            while (job := (await desk.get(path)).json())["state"] == "running":
                await asyncio.sleep(0.1)
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    assert (job["state"], job["attempts"], job["progress"]) == ("done", 2, EVENTS)
    assert [change["events"] for change in job["answer"]["changes"]] == [EVENTS]
    found = await run(
        database, "select count(*) as n, sum(net) as net from copq.ledger where reverses > 0"
    )
    assert (found[0]["n"], found[0]["net"]) == (EVENTS, -10 * EVENTS)
    async with connected(database, DatabaseRole.FINANCE) as conn:
        assert await verify(conn) == []
