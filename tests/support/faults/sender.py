"""A sender of HTTP batches that remembers what it was told."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from tests.support.faults.plant import Fact
from tests.support.faults.processes import Service, until
from tests.support.faults.site import PARTITIONS, Site
from tests.support.kafka.settings import free_ports

NDJSON = {"content-type": "application/x-ndjson"}


@dataclass
class Sender:
    port: int
    made: list[Fact] = field(default_factory=list)
    acknowledged: list[Fact] = field(default_factory=list)
    traceparent: str | None = None
    """The trace that it sends in, if any."""

    async def is_answered(self) -> None:
        """Wait until the service listens."""

        async def healthy() -> bool:
            try:
                return (await self._ask("GET", "/healthz")).is_success
            except httpx.TransportError:
                return False

        await until(healthy, "it listens")

    async def post(self, facts: Sequence[Fact]) -> int:
        """The status, 0 where the connection broke. What is accepted is remembered."""
        self.made += facts
        body = b"\n".join(fact.raw() for fact in facts)
        try:
            said = await self._ask("POST", "/v1/events", body)
        except httpx.TransportError:
            return 0
        if said.status_code == 202:
            self.acknowledged += facts
        if said.status_code == 503:
            assert int(said.headers["Retry-After"]) > 0
            assert "send all again" in json.loads(said.content)["error"]
        return said.status_code

    async def _ask(self, method: str, path: str, body: bytes = b"") -> httpx.Response:
        async with httpx.AsyncClient(verify=False, timeout=60) as client:
            url = f"http://127.0.0.1:{self.port}{path}"
            traced = {"traceparent": self.traceparent} if self.traceparent else {}
            return await client.request(method, url, content=body, headers=NDJSON | traced)


def ingesting(site: Site) -> tuple[Service, Sender]:
    """`copq ingest`, started, and who sends to it."""
    [port] = free_ports(1)
    reach = ("--kafka", site.bootstrap, "--port", str(port), "--partitions", str(PARTITIONS))
    return site.service("ingest", "ingest", "--no-auth", *reach).start(), Sender(port)
