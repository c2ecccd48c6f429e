"""The exporter in the background: fresh figures, old ones, and none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from copq.access.door import Bearer, NotAdmitted, NotAllowed, OpenDoor, Role
from copq.access.sender import ANYONE
from copq.rates.store import book_of, import_rates
from copq.reporting.exporter.compression import inflated
from copq.reporting.exporter.computation import Computation
from copq.reporting.exporter.exporter import STALE_AFTER, Exporter
from copq.reporting.server import make_reporting
from tests.support.building import defect, post_events, rates
from tests.support.patience import PATIENCE_S


def client(exporter: Exporter, door: Any = None) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(make_reporting(exporter, door or OpenDoor()))
    return httpx.AsyncClient(transport=transport, base_url="http://copq")


@asynccontextmanager
async def running(exporter: Exporter) -> AsyncIterator[None]:
    task = asyncio.create_task(exporter.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.02)


async def test_what_is_posted_is_scraped_without_asking_postgres(conn: Any, database: str) -> None:
    file = rates()
    await import_rates(conn, file, "rates.yaml", "finance")
    now = datetime.now(UTC)
    await post_events(conn, book_of(file), [defect("d", now.isoformat(), 3)])
    exporter = Exporter(database, every_s=0.05)
    async with running(exporter), client(exporter) as http:
        await until(lambda: exporter.figures)
        found = await http.get("/metrics")
        assert (await http.get("/readyz")).status_code == 200
    assert found.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "copq_failure_cost{" in found.text and "process_cpu_seconds_total" in found.text
    names = [line.split()[2] for line in found.text.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names))


async def test_zipped_and_plain_say_the_same(conn: Any, database: str) -> None:
    exporter = Exporter(database)
    found = await Computation().figures(conn)
    exporter.show(found)
    async with client(exporter) as http:
        zipped = await http.get("/metrics", headers={"Accept-Encoding": "gzip"})
        plain = await http.get("/metrics", headers={"Accept-Encoding": "identity"})
    assert zipped.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    for page in (zipped, plain):
        assert page.text.startswith(inflated(found.page).decode())
        assert "\nprocess_cpu_seconds_total " in page.text


async def test_old_figures_vanish_rather_than_pass_for_new(conn: Any, database: str) -> None:
    clock = datetime.now(UTC)
    exporter = Exporter(database, clock=lambda: clock)
    exporter.show(await Computation(clock=lambda: clock).figures(conn))
    async with client(exporter) as http:
        assert "copq_figures_timestamp_seconds" in (await http.get("/metrics")).text
        clock += STALE_AFTER - timedelta(seconds=1)
        assert "copq_figures_timestamp_seconds" in (await http.get("/metrics")).text
        clock += timedelta(seconds=1)
        page = await http.get("/metrics")
        assert page.status_code == 200 and "copq_figures_timestamp_seconds" not in page.text
        assert "copq_exporter_last_success_timestamp_seconds" in page.text
        assert (await http.get("/readyz")).status_code == 503


async def test_it_goes_on_once_postgres_is_back(postgres: str, conn: Any, database: str) -> None:
    exporter = Exporter(database, every_s=0.05)
    async with running(exporter):
        await until(lambda: exporter.figures)
        seen = exporter.figures
        assert seen is not None
        killer = await asyncpg.connect(postgres)
        await killer.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = $1 and pid <> pg_backend_pid()",
            database.split("/")[3].split("?")[0],
        )
        await killer.close()
        at = datetime.now(UTC)
        await until(lambda: exporter.figures is not None and exporter.figures.at > at)


class Keeper(OpenDoor):
    """Lets in by the name of a role."""

    async def admit(self, token: str | None, roles: frozenset[Role] | None = None) -> Bearer:
        if token is None:
            raise NotAdmitted("no token")
        if roles is not None and Role(token) not in roles:
            raise NotAllowed("not for you")
        return Bearer(Role(token), ANYONE)


@pytest.mark.parametrize(
    ("token", "status"),
    [(None, 401), ("operator", 403), ("admin", 403), ("manager", 200), ("finance", 200)],
)
async def test_money_is_for_those_who_may_read_results(
    database: str, token: str | None, status: int
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with client(Exporter(database), Keeper()) as http:
        assert (await http.get("/metrics", headers=headers)).status_code == status
        assert (await http.get("/healthz")).status_code == 200
