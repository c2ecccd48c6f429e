"""What is released works without the checkout: SQL, migrations and pages are in it."""

import gzip
import json
import subprocess
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path

import asyncpg
import pytest

from tests.support.database.shared_server import named
from tests.support.deploy.wheel import PACKAGES, ROOT, build, install
from tests.support.patience import PATIENCE_S

EXAMPLE = ROOT / "examples" / "bottling_plant"
ONE_AFTER_THE_OTHER = """
import json, sys
from copq.command_line.command import app
for arguments in json.loads(sys.argv[1]):
    app(arguments, standalone_mode=False)
"""


@dataclass(frozen=True)
class Installed:
    wheel: Path
    copq: Path
    folder: Path

    def python(self, script: str, *arguments: str) -> str:
        python = self.copq.with_name("python")
        done = subprocess.run(
            [python, "-c", script, *arguments],
            cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    wheel = build(folder)
    return Installed(wheel, install(wheel, folder / "environment"), folder)


def test_every_file_of_the_packages_is_in_the_wheel(installed: Installed) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    wanted = set(tracked)
    with zipfile.ZipFile(installed.wheel) as wheel:
        found = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert wanted <= found
    assert {name.partition("/")[0] for name in found} == {"copq"}


def test_the_licence_and_the_notices_are_in_the_wheel(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = {name.partition(".dist-info/")[2] for name in wheel.namelist()}
        [metadata] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        assert "License-Expression: Apache-2.0" in wheel.read(metadata).decode()
    assert {"licenses/LICENSE", "licenses/THIRD_PARTY_NOTICES.md"} <= names


def test_its_command_is_there(installed: Installed) -> None:
    done = subprocess.run([installed.copq, "--help"], cwd=installed.folder, capture_output=True)
    assert done.returncode == 0 and b"aggregator" in done.stdout


async def test_it_migrates_prices_books_and_reports_from_the_wheel_alone(
    installed: Installed, postgres: str
) -> None:
    where = installed.python("import copq; print(copq.__file__)").strip()
    assert Path(where).is_relative_to(installed.folder)
    conn = await asyncpg.connect(postgres)
    await conn.execute("create database from_the_wheel")
    await conn.close()
    log = installed.folder / "mes.csv"
    with gzip.open(EXAMPLE / "mes.csv.gz", "rt") as rows:
        log.write_text("".join(islice(rows, 1000)))
    steps = [
        ["migrate"],
        ["rates", "import", str(EXAMPLE / "rates.yaml")],
        ["import", str(log), "--mapping", str(EXAMPLE / "mapping.yaml")],
        ["verify"],
        ["report", "--grain", "day", "--from", "2025-01-01", "--json"],
    ]
    server = ["--database", named(postgres, "from_the_wheel")]
    said = installed.python(ONE_AFTER_THE_OTHER, json.dumps([step + server for step in steps]))
    report = json.loads(said[said.index("\n{") :])
    assert sum(Decimal(row["net"]) for row in report["rows"]) > 0
