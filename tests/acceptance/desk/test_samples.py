"""Each sample of the API's description runs as it stands: by curl, from Python and from Node.

Python and Node send what curl has sent, with the same keys: nothing is done twice.
"""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from shutil import which
from typing import Any

import asyncpg
import httpx
import pytest

from copq.access.authority import Actor
from copq.access.door import Role
from copq.access.sender import Sender
from copq.database.connections import act_as
from copq.figures.project_baseline import measure_baseline
from copq.improvement.projects.states import Step
from copq.posting.post import prepare
from copq.projects.approving import approve
from copq.projects.order import Order
from copq.projects.sizing import size
from copq.projects.steps import take
from copq.rates.documents import submit
from copq.rates.formats import parse_upload
from copq.rates.store import load
from copq.rates.yaml_text import yaml_of
from copq.standalone.intake import LedgerIntake, pool_of
from tests.support.access.serving import grant, run
from tests.support.building import rates
from tests.support.faults.processes import Service
from tests.support.faults.sender import Sender as Asker
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S
from tests.support.periods.building import shut
from tests.support.projects import CARLA, NOW, add_month, item, propose, with_ledger

PEOPLE = [
    (Role.FINANCE, 1), (Role.FINANCE, 2), (Role.MANAGER, 1), (Role.OPERATOR, 1), (Role.ADMIN, 1)
]  # fmt: skip
PATHS_OF_THE_DESK = 40
LEAST_SAMPLES = 15
WRONG = b'{"event_id": "mes-9", "event_type": "defect"}'
HELD_JOB = (
    "insert into copq.job (kind, request, why, asked_by, state, heartbeat) "
    "values ('verify', '{}', 'x', 'finance-1', 'running', '2100-01-01')"
)
Sample = dict[str, Any]


async def fill(conn: asyncpg.Connection) -> None:
    """What the samples find: a quarter, two drafts, projects, a refused event, a job that runs."""
    await with_ledger(conn)
    for rate in (b"rate_per_minute: 4", b"rate_per_minute: 5"):
        data = yaml_of(rates()).encode().replace(b"rate_per_minute: 3", rate)
        upload = parse_upload("rates.yaml", data)
        await submit(conn, upload, Actor("finance-3", Role.FINANCE), "2027")
    for month in ("2026-01", "2026-02"):
        await shut(conn, month)
    owner = Order(Actor("manager-1", Role.MANAGER))
    await propose(conn, *(item(n, owner="manager-1") for n in ("seals", "labels")))
    await size(conn, "north", "seals", await load(conn), measure_baseline, owner, NOW)
    done = await approve(conn, "north", "seals", measure_baseline, Order(CARLA, "pays off"), NOW)
    await take(conn, "north", "seals", Step.START, owner)
    await add_month(conn, done[0], date(2026, 1, 1), 80)
    await conn.execute(HELD_JOB)


@pytest.fixture
async def site(database: str, tmp_path: Path) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """The address of `copq up` on a filled database, and the tokens by role and person."""
    conn = await asyncpg.connect(database)
    await act_as(conn, None)
    await prepare(conn)
    await fill(conn)
    await conn.close()
    pool = await pool_of(database)
    await LedgerIntake(pool).accept([WRONG], Sender("operator-1"))
    await pool.close()
    tokens = {f"{role}-{n}": await grant(database, f"{role}-{n}", role) for role, n in PEOPLE}
    [port] = free_ports(1)
    service = Service(tmp_path, "up", "up", "--database", database, "--port", str(port)).start()
    await Asker(port).is_answered()
    yield f"http://127.0.0.1:{port}", tokens
    print(service.tail())
    service.kill()


def samples_of(document: dict[str, Any]) -> list[Sample]:
    """The operations with samples, in the order of their steps."""
    found = [
        operation["x-copq-sample"] | {"name": f"{method} {path}", "operation": operation}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "x-copq-sample" in operation
    ]
    return sorted(found, key=lambda one: one["step"])


def source(sample: Sample, label: str) -> str:
    [code] = [s for s in sample["operation"]["x-codeSamples"] if s["label"] == label]
    text: str = code["source"]
    return text


def curl(samples: list[Sample], tokens: dict[str, str]) -> list[str]:
    parts = [
        f"(set -eo pipefail; COPQ_TOKEN={token(one, tokens)}\n{source(one, 'curl')}\n) || "
        f"{{ echo FAILED {one['name']!r} >&2; exit 1; }}"
        for one in samples
    ]
    return ["bash", "-c", "\n".join(parts)]


def python(samples: list[Sample], tokens: dict[str, str]) -> list[str]:
    parts = [
        f"print({one['name']!r})\nos.environ['COPQ_TOKEN'] = {token(one, tokens)!r}\n"
        f"exec({source(one, 'Python')!r})"
        for one in samples
    ]
    return [sys.executable, "-c", "\n".join(["import os", *parts])]


def node(samples: list[Sample], tokens: dict[str, str]) -> list[str]:
    parts = [
        f"console.log({json.dumps(one['name'])});\n"
        f"process.env.COPQ_TOKEN = {json.dumps(token(one, tokens))};\n"
        f"await (async () => {{\n{source(one, 'Node')}\n}})();"
        for one in samples
    ]
    return ["node", "--input-type=module", "-e", "\n".join(parts)]


def token(sample: Sample, tokens: dict[str, str]) -> str:
    return tokens[f"{sample['role']}-{sample['person']}"]


@pytest.mark.parametrize(
    "paths",
    [
        ("/v1/rate-documents", "/v1/periods", "/v1/tokens", "/v1/rejected"),
        # An approval is refused while the service measures, on a busy machine.
        pytest.param(("/v1/",), marks=pytest.mark.soak),
    ],
    ids=["some", "every"],
)
async def test_samples_run_by_curl_from_python_and_from_node(
    site: tuple[str, dict[str, str]], database: str, paths: tuple[str, ...]
) -> None:
    url, tokens = site
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE_S) as client:
        document = (await client.get("/openapi.json")).json()
    every = samples_of(document)
    assert len(every) > PATHS_OF_THE_DESK
    samples = [one for one in every if one["name"].split()[1].startswith(paths)]
    assert len(samples) >= LEAST_SAMPLES
    decided: list[Any] = []
    for program, command in (("curl", curl), ("python3", python), ("node", node)):
        if which(program) is None and "COPQ_ALL_PROGRAMS" not in os.environ:
            continue
        done = subprocess.run(
            command(samples, tokens), env=os.environ | {"COPQ_URL": url}, text=True,
            capture_output=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{program}: {done.stderr[-3000:]}\n{done.stdout[-2000:]}"
        decided.append(
            await run(
                database,
                "select (select max(seq) from copq.audit), (select max(job) from copq.job), "
                "(select count(*) from copq.event)",
            )
        )
    assert decided[1:] == decided[:-1]  # what was done once is not done again


def test_each_act_of_the_api_has_a_sample_with_a_body_as_its_example(tmp_path: Path) -> None:
    from fastapi import FastAPI

    from copq.access.door import OpenDoor
    from copq.desk.app import add_desk
    from copq.reporting.results import add_results
    from copq.web.answers import add_error_handlers
    from copq.web.pages.page import add_pages

    app = FastAPI()
    add_error_handlers(app)
    add_pages(app)
    pool: Any = None
    add_desk(app, pool, add_results(app, pool, OpenDoor()))
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            if method == "get" and "x-copq-sample" not in operation:
                kinds = operation["responses"]["200"]["content"]
                assert any("example" in kind or "schema" in kind for kind in kinds.values()), path
                continue
            assert operation["x-codeSamples"], f"{method} {path}"
            assert operation["summary"], f"{method} {path}"
            for one in operation.get("parameters", []):
                assert one.get("description"), f"{method} {path}: {one['name']}"
            if body := operation.get("requestBody"):
                assert any("example" in kind for kind in body["content"].values()), path
