"""docker-compose.yml, started on a Docker engine: an event becomes a figure and an alert."""

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.alerts.test_alert_end_to_end import RATES
from tests.support.alerts.servers import until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(5400)]

ROOT = Path(__file__).parents[4]
HERE = ROOT / "tests/support/deploy/stack"
WORK = ROOT / "build" / "stack"
OURS = {"ingest", "ingest-mqtt", "costing", "aggregator", "reporting"}
NO_ENGINE = 75
ALERT_S = 600
"""The shipped alerts wait five minutes before they fire."""


def run(script: str, *words: str, stdin: str = "", code: int = 0) -> str:
    done = subprocess.run(
        [HERE / script, WORK, *words], input=stdin, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def copq(*words: str, stdin: str = "") -> str:
    return run("compose", "run", "--rm", "-T", "copq", *words, stdin=stdin)


@pytest.fixture(scope="module", autouse=True)
def stack() -> Iterator[None]:
    started = subprocess.run([HERE / "start", WORK], stderr=subprocess.PIPE, text=True)
    if started.returncode == NO_ENGINE:
        pytest.skip(started.stderr.splitlines()[-1])
    assert started.returncode == 0, started.stderr[-3000:]
    yield
    run("stop")


@pytest.fixture(scope="module")
def tokens(stack: None) -> dict[str, str]:
    """The `authorization` of one who sends and one who sees, once rates and a target are there."""
    copq("rates", "import", "-", stdin=RATES)
    copq("targets", "set", "3%", "--plant", "north", "--line", "L1", "--from", "2020-01-01")
    roles = {"operator": ("mes", "--line", "north/L1"), "manager": ("boss", "--role", "manager")}
    return {role: f"Bearer {_token(copq('tokens', 'create', *words))}"
            for role, words in roles.items()}  # fmt: skip


def _token(said: str) -> str:
    return next(word for word in said.split() if word.startswith("copq_"))


def test_an_event_becomes_a_figure_and_an_alert_that_nothing_inhibits(
    tokens: dict[str, str],
) -> None:
    now = datetime.now(UTC).isoformat()
    for number, kind, quantity in (("p1", "production", 1000), ("d1", "defect", 200)):
        body = {
            "event_id": number, "event_type": kind, "occurred_at": now, "plant": "north",
            "line": "L1", "product": "cola", "stage": "filled", "quantity": quantity,
        }  # fmt: skip
        answer = httpx.post("http://127.0.0.1:8080/v1/events", json=body,
                            headers={"authorization": tokens["operator"]})  # fmt: skip
        assert answer.status_code == 202, answer.text
    until(lambda: _copq(tokens["manager"]) == ["200"], "the figure is there")
    copq("verify")
    until(lambda: _alerts("http://127.0.0.1:9093/api/v2/alerts"), "Alertmanager is told", ALERT_S)
    states = _alerts("http://127.0.0.1:9093/api/v2/alerts")
    assert states["CopqFarAboveTarget"] == "active"
    assert "CopqFiguresStale" not in states


def _copq(authorization: str) -> list[str]:
    answer = httpx.get("http://127.0.0.1:8081/v1/copq?grain=day",
                       headers={"authorization": authorization})  # fmt: skip
    assert answer.status_code == 200, answer.text
    return [str(row["copq"]) for row in answer.json()["rows"]]


def _alerts(url: str) -> dict[str, str]:
    alerts: list[Any] = httpx.get(url).json()
    return {alert["labels"]["alertname"]: alert["status"]["state"] for alert in alerts}


def test_every_job_is_scraped(stack: None) -> None:
    def up() -> bool:
        answer = httpx.get("http://127.0.0.1:9090/api/v1/query", params={"query": "up == 1"})
        return len(answer.json()["data"]["result"]) == len(OURS)

    until(up, "every job is scraped")


def test_no_service_connects_as_the_superuser(stack: None) -> None:
    query = (
        "select distinct usename from pg_stat_activity "
        "where backend_type = 'client backend' and pid <> pg_backend_pid()"
    )
    users = run("compose", "exec", "-T", "postgres", "psql", "-qtAX", "-h", "127.0.0.1",
                "-U", "postgres", "-d", "copq", "-c", query).split()  # fmt: skip
    assert set(users) <= {"ingest", "costing", "aggregator", "reporting"} and users


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_container_writes_to_its_tmp_alone_and_is_not_root(stack: None, name: str) -> None:
    run("compose", "exec", "-T", name, "touch", "/tmp/there")
    if name != "ingest-mqtt":  # its volume keeps what it has to remember
        run("compose", "exec", "-T", name, "touch", "/data/there", code=1)
    assert run("compose", "exec", "-T", name, "id", "-u").strip() == "10001"


def test_a_service_stops_in_order(tokens: dict[str, str]) -> None:
    began = time.monotonic()
    run("compose", "stop", "aggregator")
    assert time.monotonic() - began < 20
    said = run("compose", "ps", "--all", "--format", "json", "aggregator")
    assert json.loads(said.splitlines()[0])["ExitCode"] == 0
    run("compose", "start", "aggregator")


def test_it_does_not_start_without_passwords(stack: None) -> None:
    done = subprocess.run(
        ["docker", "compose", "--file", ROOT / "docker-compose.yml", "--env-file",
         ROOT / ".env.example", "config"],
        env={"DOCKER_CONFIG": str(WORK / "config"), "PATH": "/usr/bin:/bin"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0 and "run deploy/container/make-env" in done.stderr
