"""The examples of docs/backup.md and of the runbook, run as they stand."""

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from copq.embedded_postgres.cluster import programs_folder
from copq.rates.store import import_rates, load
from tests.support.building import defect, post_events, rates
from tests.support.patience import PATIENCE_S
from tests.support.programs.forked import programs

DOCS = Path(__file__).parents[3] / "docs"
AT = "2024-01-15T10:00:00+01:00"


def examples(page: str) -> list[str]:
    found = re.findall(r"^( *)```sh\n(.*?)^ *```", (DOCS / page).read_text(), re.S | re.M)
    return [re.sub(rf"^{indent}", "", script, flags=re.M) for indent, script in found]


class Shell:
    """bash in a folder of its own, with copq and Postgres's programs at hand."""

    def __init__(self, folder: Path, server: str) -> None:
        self._folder = folder
        [reach] = parse_qs(urlsplit(server).query)["host"]
        path = f"{programs()}:{programs_folder()}:{os.environ['PATH']}"
        self.env = {**os.environ, "PATH": path, "PGHOST": reach, "PGUSER": "postgres"}

    def run(self, script: str, **more: str) -> str:
        done = subprocess.run(
            ["bash", "-ec", script], cwd=self._folder, env={**self.env, **more},
            capture_output=True, text=True, timeout=PATIENCE_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def shell(tmp_path: Path, postgres: str) -> Shell:
    return Shell(tmp_path, postgres)


async def test_the_page_of_backup_runs(
    shell: Shell, database: str, conn: asyncpg.Connection, tmp_path: Path
) -> None:
    back_up, dump, restore, of_dump, retention = examples("backup.md")
    valves = Path(__file__).parents[3] / "examples/tyre_valves/rates.yaml"
    shell.run(f"copq rates import {valves}")
    shell.run(back_up)
    assert "0 differences" in shell.run(restore)
    assert "No event" in shell.run(retention)
    assert (tmp_path / "copq-data.lost").is_dir()

    await import_rates(conn, rates(), "rates.yaml", "finance")
    await post_events(conn, await load(conn), [defect("a", AT, 5)])
    shell.run(dump, DATABASE_URL=database)
    shell.run(of_dump)
    at = urlsplit(database)._replace(path="/copq_restored").geturl()
    restored = await asyncpg.connect(at)
    assert await restored.fetchval("select sum(net) from copq.ledger") == 50
    await restored.close()


async def test_the_runbook_of_a_restore_runs(
    shell: Shell, database: str, conn: asyncpg.Connection
) -> None:
    await import_rates(conn, rates(), "rates.yaml", "finance")
    await post_events(conn, await load(conn), [defect("a", AT, 5)])
    shell.run("copq backup copq.dump", DATABASE_URL=database)
    [restore] = examples("runbooks/restore-from-backup.md")
    assert "0 differences" in shell.run(restore)
