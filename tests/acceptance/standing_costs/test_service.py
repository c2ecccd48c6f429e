"""Standing costs as finance uses them: a file is imported, and the report is complete."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.faults.processes import Service, copq, until
from tests.support.kafka.settings import free_ports

ROOT = Path(__file__).parents[3]
HEADER = "plant,line,name,category,element,amount,currency,first_day,last_day"
LAST_MONTH = (datetime.now(UTC).date().replace(day=1) - timedelta(days=1)).replace(day=1)


@pytest.fixture
def up(database: str, tmp_path: Path) -> Iterator[Service]:
    """The service, which is killed in the end."""
    copq("rates", "import", str(ROOT / "examples/bottling_plant/rates.yaml"), *on(database))
    [port] = free_ports(1)
    service = Service(tmp_path, "up", "up", "--port", str(port), *on(database)).start()
    yield service
    print(service.tail())
    service.kill()


def on(database: str) -> tuple[str, str]:
    return "--database", database


async def imported(database: str, folder: Path, laboratory: str) -> None:
    rows = [
        f"bottling,,laboratory,appraisal,salaries,{laboratory},USD,{LAST_MONTH},",
        f"bottling,1,checkweigher,appraisal,depreciation,310.50,USD,{LAST_MONTH},",
        f"bottling,,training,prevention,training,1500,USD,{LAST_MONTH},",
    ]
    (folder / "costs.csv").write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    await run("standing-costs", "import", str(folder / "costs.csv"), *on(database))


async def run(*words: str) -> str:
    return await asyncio.to_thread(copq, *words)


async def spent(database: str) -> dict[str, str]:
    """The amounts of last month by figure."""
    month = f"{LAST_MONTH:%Y-%m}"
    answer = json.loads(await run("coq", "--from", month, "--json", *on(database)))
    rows = [row for row in answer["rows"] if row["from"] == str(LAST_MONTH)]
    return {row["figure"]: row["amount"] for row in rows}


async def test_a_file_is_imported_and_the_report_is_complete(
    database: str, up: Service, tmp_path: Path
) -> None:
    await imported(database, tmp_path, "9200")

    async def is_posted() -> bool:
        return (await spent(database)).get("appraisal") == "9510.5"

    await until(is_posted, "the service has posted last month")
    found = await spent(database)
    assert (found["prevention"], found["copq"], found["coq"]) == ("1500", "0", "11010.5")
    await imported(database, tmp_path, "9300")
    up.restart()  # as a power cut, while it may be restating

    async def is_restated() -> bool:
        return (await spent(database))["appraisal"] == "9610.5"

    await until(is_restated, "the service has restated last month")
    day = f"copq:standing/1/{LAST_MONTH}#1"
    said = await run("explain", day, *on(database))
    assert 'standing cost "laboratory" (salaries) of plant bottling as a whole' in said
    assert "computed again: the same" in said and "reversed by entry #2" in said
    assert "No difference" in await run("verify", *on(database))
    assert await up.stop() == 0
