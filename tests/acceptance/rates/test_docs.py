"""The examples of docs/rates.md, run as they stand."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg

from copq.access.door import Role
from copq.access.store import Grant, add_token
from copq.access.token import new_token
from copq.rates.file import parse_rates
from copq.rates.formats import read_rates
from copq.rates.rows import COLUMNS
from copq.rates.store import load
from tests.acceptance.access.test_docs import ROOT, examples, shell
from tests.support.building import defect, post_events

NOWHERE = "http://127.0.0.1:1"


async def test_the_page_of_rates_runs(
    conn: asyncpg.Connection, database: str, tmp_path: Path
) -> None:
    rates, _ = examples("rates.md", "yaml")
    submit, approve, exchange, unpriced = examples("rates.md")
    (tmp_path / "rates.yaml").write_text(rates)
    (tmp_path / "rates-2027.yaml").write_text(rates.replace("2026-01-01", "2027-01-01"))
    parse_rates(rates)
    there = f"cd {tmp_path}\n"
    shell(there + "copq rates import rates.yaml", database, NOWHERE)
    tokens = {name: new_token() for name in ("anna", "carla")}
    for name, token in tokens.items():
        await add_token(conn, Grant(name, Role.FINANCE), token, "test")
    who = {name.upper(): token.text for name, token in tokens.items()}
    assert "Document 2 is a draft" in shell(there + submit, database, NOWHERE, **who)
    said = shell(there + approve, database, NOWHERE, **who)
    assert "rate book revision 2" in said and "approved" in said
    shell(there + exchange, database, NOWHERE, **who)
    first = read_rates(tmp_path / "rates-1.yaml").rates
    assert first.cost_tables == parse_rates(rates).cost_tables
    assert len(read_rates(tmp_path / "rates.xlsx").rates.cost_tables) == 2
    assert {p.name for p in (tmp_path / "rates-csv").iterdir()} == {
        "rate_file.csv", "plants.csv", "cost_tables.csv", "line_rates.csv", "labour_rates.csv",
    }  # fmt: skip
    early = defect(
        "d", "2025-12-01T10:00:00Z", 10, plant="hamburg", line="filling-1", product="bottle-500",
        stage="capped",
    )  # fmt: skip
    await post_events(conn, await load(conn), [early])
    said = shell(unpriced.splitlines()[0], database, NOWHERE)
    assert "nearest rate" in said and "1.95 EUR" in said
    [group] = json.loads(shell(unpriced.splitlines()[1], database, NOWHERE))["unpriced"]
    assert (group["currency"], group["first_version"], group["unknown"]) == ("EUR", 1, 0)


SOFIA = """
plants: [{plant: sofia, time_zone: Europe/Sofia, day_start: "06:00", currency: BGN}]
"""


async def test_the_plant_of_the_page_changes_its_currency(
    conn: asyncpg.Connection, database: str, tmp_path: Path
) -> None:
    _, change = examples("rates.md", "yaml")
    (tmp_path / "sofia.yaml").write_text(SOFIA)
    (tmp_path / "change.yaml").write_text(change)
    shell(f"cd {tmp_path}\nfor f in sofia change; do copq rates import $f.yaml; done", database,
          NOWHERE)  # fmt: skip
    book = await load(conn)
    first = datetime.fromisoformat("2026-01-01T00:00:00+02:00")
    before = first - timedelta(seconds=1)
    assert [book.sites["sofia"].currency_at(at) for at in (before, first)] == ["BGN", "EUR"]


def test_the_page_names_every_column() -> None:
    page = (ROOT / "docs/rates.md").read_text()
    for columns in COLUMNS.values():
        for column in columns:
            assert column.split(".")[0] in page, column
