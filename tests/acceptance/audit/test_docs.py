"""The examples of docs/audit.md, run as they stand; those of docs/security.md that are SQL."""

import asyncpg

from tests.acceptance.access.test_docs import examples, shell
from tests.acceptance.access.test_process import up  # noqa: F401 - a fixture
from tests.support.faults.processes import Service

SEND = (
    "copq rates import examples/tyre_valves/rates.yaml\n"
    "curl -fsS --data-binary @examples/tyre_valves/events.ndjson "
    "-H 'content-type: application/x-ndjson' http://127.0.0.1:8080/v1/events"
)


async def test_the_page_of_the_audit_runs(database: str, up: tuple[Service, str]) -> None:  # noqa: F811
    _, url = up
    shell(SEND, database, url)
    listing, explaining, verifying, deciding, proving, keeping, anchoring = examples("audit.md")
    listed = shell(f"{listing}\nwc -l entries.csv; rm entries.csv", database, url)
    assert "All 8 lines: net" in listed.replace("  ", " "), listed
    explained = shell(explaining, database, url)
    assert "the same" in explained and '"event_id": "tr29-' in explained
    assert "No difference" in shell(verifying, database, url)
    assert "agreed in the March review" in shell(deciding, database, url)
    proved = shell(f"{proving}\nrm audit.ndjson", database, url)
    assert proved.count("none altered, none missing") == 2
    assert "what was kept of it is in it" in shell(keeping, database, url)
    assert "1 anchor until" in shell(f"{anchoring}\nrm anchors.ndjson", database, url)


async def test_the_logins_of_the_page_on_security_are_made(
    database: str, conn: asyncpg.Connection
) -> None:
    scripts = examples("security.md", "sql")
    for name in ("ingest", "costing", "aggregator", "reporting", "grafana"):
        await conn.execute(f"drop role if exists {name}")
    for script in scripts:
        await conn.execute(script)
    await conn.execute("set session authorization grafana")
    assert await conn.fetchval("select count(*) from copq.ledger") == 0
    await conn.execute("reset session authorization")
    for name in ("ingest", "costing", "aggregator", "reporting"):
        await conn.execute(f"set session authorization {name}")
        await conn.execute(f"set role copq_{name}")
        await conn.execute("reset session authorization")
