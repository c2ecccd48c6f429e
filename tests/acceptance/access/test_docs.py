"""The examples of docs/access.md and docs/ingest/form.md, run as they stand."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.acceptance.access.test_process import token, up  # noqa: F401 - a fixture
from tests.support.access.serving import run
from tests.support.faults.processes import Service
from tests.support.patience import PATIENCE_S
from tests.support.programs.forked import programs

ROOT = Path(__file__).parents[3]


def examples(page: str, kind: str = "sh") -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (ROOT / "docs" / page).read_text(), re.S)


def shell(script: str, database: str, url: str, **more: str) -> str:
    """What bash prints; on the test's own database and port."""
    path = f"{programs()}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "DATABASE_URL": database, "NO_PROXY": "*", **more}
    done = subprocess.run(
        ["bash", "-ec", script.replace("http://127.0.0.1:8080", url)],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_the_page_of_access_runs(database: str, up: tuple[Service, str]) -> None:  # noqa: F811
    _, url = up
    shell("copq rates import examples/tyre_valves/rates.yaml", database, url)
    make, ask, revoke = examples("access.md")
    said = shell(make + '\necho "token=$COPQ_TOKEN"', database, url)
    assert '"accepted"' in said and "mysuru/valves" in said
    [found] = re.findall(r"token=(copq_\S+)", said)
    fate = json.loads(shell(ask, database, url, COPQ_TOKEN=found))
    shown = json.loads(
        re.findall(r"```json\n(.*?)```", (ROOT / "docs/access.md").read_text(), re.S)[0]
    )
    times = {"received_at": 0, "occurred_at": 0}
    assert fate | times == shown | times
    assert "Revoked: press-7." in shell(revoke, database, url)


async def test_the_page_of_the_form_runs(database: str, up: tuple[Service, str]) -> None:  # noqa: F811
    _, url = up
    make, enter = examples("ingest/form.md")
    assert "supervisor-1: operator, mysuru/*" in shell(make, database, url)
    desk = token(database, "desk", "--plant", "mysuru")
    for _ in range(2):
        said = shell(enter, database, url, COPQ_TOKEN=desk)
        assert re.fullmatch(rf"303 {url}/form/[0-9a-f]{{32}}\n", said)
    [row] = await run(database, "select count(*) as n from copq.event")
    assert row["n"] == 2
