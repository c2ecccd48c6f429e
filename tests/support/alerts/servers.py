"""The real Prometheus and Alertmanager on ports of their own, and a webhook that hears them."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.kafka.guarded import GuardedProcess
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S
from tests.support.programs import program


def until(true: Callable[[], Any], what: str, seconds: float = PATIENCE_S) -> Any:
    """Wait until it answers something, and answer that."""
    deadline = time.monotonic() + seconds
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)


class Prometheus:
    """A running server; `query` and `alerts` ask its API."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def query(self, expression: str) -> list[Any]:
        """The samples of an instant query. Raises with what Prometheus says against it."""
        answer = httpx.post(
            f"{self.url}/api/v1/query", data={"query": expression}, verify=False
        ).json()
        assert answer["status"] == "success", f"{expression}: {answer.get('error')}"
        found: list[Any] = answer["data"]["result"]
        return found

    def alerts(self) -> dict[str, dict[str, Any]]:
        """By name."""
        answer = httpx.get(f"{self.url}/api/v1/alerts", verify=False).json()
        return {alert["labels"]["alertname"]: alert for alert in answer["data"]["alerts"]}


def answers(url: str) -> Callable[[], bool]:
    def ready() -> bool:
        try:
            return httpx.get(url, timeout=2, verify=False).is_success
        except httpx.TransportError:
            return False

    return ready


@contextmanager
def prometheus(
    folder: Path, targets: dict[str, str], rules: list[Path] | None = None, alertmanager: str = ""
) -> Iterator[Prometheus]:
    """Scrapes every second: `targets` are addresses by job."""
    folder.mkdir(parents=True, exist_ok=True)
    [port] = free_ports(1)
    config: dict[str, Any] = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(path) for path in rules or []],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [address]}]}
            for job, address in targets.items()
        ],
    }
    if alertmanager:
        managers = [{"static_configs": [{"targets": [alertmanager]}]}]
        config["alerting"] = {"alertmanagers": managers}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    command = [
        "prometheus", f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}",
        "--rules.alert.resend-delay=1s",
    ]  # fmt: skip
    with process(command, folder / "prometheus.log", f"http://127.0.0.1:{port}/-/ready"):
        yield Prometheus(port)


ONE_RECEIVER: dict[str, Any] = {
    "route": {"receiver": "hook", "group_by": ["alertname"], "repeat_interval": "1h"},
    "receivers": [{"name": "hook"}],
}


@contextmanager
def alertmanager(
    folder: Path, webhook: str, config: dict[str, Any] = ONE_RECEIVER
) -> Iterator[str]:
    """Its address. Every receiver of the configuration is the webhook, told after a second."""
    folder.mkdir(parents=True, exist_ok=True)
    [port] = free_ports(1)
    route = config["route"] | {"group_wait": "1s", "group_interval": "1s"}
    receivers = [
        {"name": receiver["name"], "webhook_configs": [{"url": webhook}]}
        for receiver in config["receivers"]
    ]
    quick = {**config, "route": route, "receivers": receivers}
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(quick))
    command = [
        "prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml",
        f"--storage.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]  # fmt: skip
    with process(command, folder / "alertmanager.log", f"http://127.0.0.1:{port}/-/ready"):
        yield f"127.0.0.1:{port}"


@contextmanager
def process(command: list[str], log: Path, ready: str) -> Iterator[None]:
    running = GuardedProcess([program(command[0]), *command[1:]], log)
    try:
        until(answers(ready), f"{command[0]} answers; see {log}")
        yield
    finally:
        running.kill()


@contextmanager
def webhook() -> Iterator[tuple[str, list[Any]]]:
    """The address of a receiver, and the alerts that it was told, in order."""
    heard: list[Any] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard.extend(body["alerts"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", heard
    finally:
        server.shutdown()
        server.server_close()
