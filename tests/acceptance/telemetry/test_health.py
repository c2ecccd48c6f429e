"""What a worker answers to probes: by itself, and as a process whose servers are there or not."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from copq.kafka.brokers import Brokers
from copq.kafka.topics import make_topics
from copq.telemetry.health import STANDSTILL_S, Health, serve_health
from tests.support.faults.processes import Service, until
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.settings import free_ports

WORKERS = ("costing", "aggregator")
NOBODY = "127.0.0.1:1"


class Probed:
    """A health that is served, with a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.health = Health(lambda: self.now)
        self.server = serve_health("127.0.0.1", 0, self.health)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.server.server_port}{path}", verify=False)


@pytest.fixture
def probed() -> Iterator[Probed]:
    found = Probed()
    found.health.mark_turn()
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_a_worker_that_waits_is_alive_and_not_ready(probed: Probed) -> None:
    probed.health.missing = "waits for the rate book"
    assert probed.get("/healthz").status_code == 200
    assert (probed.get("/readyz").status_code, probed.get("/readyz").text) == (
        503,
        "waits for the rate book\n",
    )
    probed.health.missing = None
    assert probed.get("/readyz").text == "ok\n"


def test_a_worker_whose_loop_stands_still_is_neither(probed: Probed) -> None:
    probed.health.missing = None
    probed.now += STANDSTILL_S
    for path in ("/healthz", "/readyz"):
        assert probed.get(path).status_code == 503
        assert "stood still for 15 s" in probed.get(path).text
    probed.health.mark_turn()
    assert probed.get("/healthz").status_code == probed.get("/readyz").status_code == 200


def test_a_worker_that_has_not_started_is_not_taken_for_one_that_hangs(probed: Probed) -> None:
    """Until then an orchestrator waits for its start, and restarts nothing."""
    fresh = Health(lambda: probed.now)
    probed.now += STANDSTILL_S
    assert fresh.standstill() == "the loop has not started"


def test_metrics_are_on_the_same_port(probed: Probed) -> None:
    assert "process_cpu_seconds_total" in probed.get("/metrics").text


@pytest.mark.kafka
async def test_workers_are_ready_once_they_have_partitions(
    kafka: KafkaBroker, database: str, tmp_path: Path
) -> None:
    await make_topics(Brokers(kafka.bootstrap))
    for name in WORKERS:
        group = ("--group", f"health-{name}")
        async with Worker(tmp_path, name, kafka.bootstrap, database, *group) as worker:
            await until(lambda: worker.says("/readyz", 200), f"{name} is ready")
            assert worker.says("/healthz", 200)


async def test_workers_without_servers_are_alive_and_say_what_they_wait_for(
    tmp_path: Path,
) -> None:
    for name in WORKERS:
        away = f"postgresql://copq@{NOBODY}/copq"
        async with Worker(tmp_path, name, NOBODY, away) as worker:
            await until(lambda: worker.says("/readyz", 503, "rate book"), f"{name} waits")
            assert worker.says("/healthz", 200)


class Worker:
    """A worker's process, probed from outside."""

    def __init__(self, folder: Path, name: str, kafka: str, database: str, *more: str) -> None:
        [self._port] = free_ports(1)
        reach = ("--kafka", kafka, "--database", database)
        metrics = ("--metrics-port", str(self._port))
        self._service = Service(folder, name, name, *reach, *metrics, *more)

    async def __aenter__(self) -> "Worker":
        self._service.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        print(self._service.tail())
        self._service.kill()

    def says(self, path: str, status: int, text: str = "") -> bool:
        try:
            answer = httpx.get(f"http://127.0.0.1:{self._port}{path}", timeout=5, verify=False)
        except httpx.TransportError:
            return False
        return answer.status_code == status and text in answer.text
