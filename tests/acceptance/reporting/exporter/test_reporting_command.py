"""`copq reporting` as a process."""

from pathlib import Path

import httpx

from tests.support.alerts.servers import answers, until
from tests.support.faults.processes import Service
from tests.support.kafka.settings import free_ports


def test_it_serves_metrics_and_says_when_it_is_ready(database: str, tmp_path: Path) -> None:
    [port] = free_ports(1)
    service = Service(
        tmp_path, "reporting", "reporting", "--database", database, "--port", str(port),
        "--max-series", "500",
    ).start()  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        until(answers(f"{url}/readyz"), "it is ready")
        page = httpx.get(f"{url}/metrics", verify=False).text
        assert "\ncopq_exporter_series_limit 500.0\n" in page
        assert 'copq_exporter_refreshes_total{outcome="done"}' in page
        assert httpx.get(f"{url}/healthz", verify=False).json() == {"status": "ok"}
    finally:
        service.kill()


def test_metrics_on_a_port_of_their_own_need_no_token_and_on_that_of_the_board_they_do(
    database: str, tmp_path: Path
) -> None:
    port, metrics_port = free_ports(2)
    service = Service(
        tmp_path, "reporting", "reporting", "--database", database, "--port", str(port),
        "--metrics-port", str(metrics_port), "--host", "0.0.0.0", "--plaintext",
    ).start()  # fmt: skip
    try:
        until(answers(f"http://127.0.0.1:{metrics_port}/readyz"), "it is ready")
        page = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics", verify=False)
        assert page.status_code == 200 and "\ncopq_exporter_series " in page.text
        assert (
            httpx.get(f"http://127.0.0.1:{metrics_port}/v1/copq", verify=False).status_code == 404
        )
        assert httpx.get(f"http://127.0.0.1:{port}/metrics", verify=False).status_code == 401
    finally:
        service.kill()
