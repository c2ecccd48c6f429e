"""The examples of docs/ingest/files.md, run as they stand."""

import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from tests.acceptance.access.test_docs import ROOT
from tests.support.docs.bottling import shorten_log
from tests.support.docs.shell import shell
from tests.support.faults.processes import until
from tests.support.ingest.files.converting import SMALL
from tests.support.ingest.files.ledger import import_bottling_rates


def examples() -> list[str]:
    page = (ROOT / "docs/ingest/files.md").read_text()
    return [block.split("```")[0] for block in page.split("```\n")[1::2]]


def there(*paths: Path) -> Callable[[], Awaitable[bool]]:
    async def are() -> bool:
        return all(path.exists() for path in paths)

    return are


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Where the page is tried: the examples lie where it says."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shorten_log(tmp_path, "2025-06-13")
    return tmp_path


async def run(script: str, desk: Path, database: str, wanted: list[Path]) -> None:
    """Run it, wait until what it makes is there, and end what it left behind."""
    with shell(desk) as bash:
        bash.environment |= {"DATABASE_URL": database, "KAFKA_BOOTSTRAP": ""}
        try:
            said = bash.run(f"({script}) >> watched.log 2>&1 &", desk)
            await until(there(*wanted), f"it is done: {said}")
        finally:
            print((desk / "watched.log").read_text())
            bash.end()


async def test_the_watched_folder_of_the_page_takes_the_file(desk: Path, database: str) -> None:
    conn = await asyncpg.connect(database)
    await import_bottling_rates(conn)
    first, _ = examples()
    report = desk / "inbox/done/mes.csv.gz.report.json"
    await run(first, desk, database, [report, desk / "inbox/done/mes.csv.gz"])
    said = json.loads(report.read_text())
    assert said["accepted"] == await conn.fetchval("select count(*) from copq.event") > 500
    await conn.close()


async def test_the_names_of_the_page_find_their_mappings(desk: Path, database: str) -> None:
    _, several = examples()
    (desk / "inbox").mkdir()
    for number, name in enumerate(("mes", "qa", "other")):
        (desk / f"{name}.yaml").write_text(SMALL.replace("mill", f"mill-{number}"))
    files = ("mes-1.csv", "qa-1.csv", "anything.csv")
    for file in files:
        text = "at,press,item,step,scrap\n2026-01-31 14:05,P4,A,s,3\n"
        (desk / "inbox" / file).write_text(text)
    done = [desk / "inbox/done" / f"{file}.report.json" for file in files]
    await run(several, desk, database, done)
    conn = await asyncpg.connect(database)
    plants = await conn.fetch("select distinct plant from copq.event order by 1")
    await conn.close()
    assert [row["plant"] for row in plants] == ["mill-0", "mill-1", "mill-2"]
