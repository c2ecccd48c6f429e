"""The examples of docs/currencies.md, run as they stand."""

import json
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from tests.acceptance.access.test_docs import ROOT, examples, shell
from tests.acceptance.access.test_process import up  # noqa: F401 - a fixture
from tests.support.access.serving import run
from tests.support.faults.processes import Service, until


async def test_the_page_of_currencies_runs(database: str, up: tuple[Service, str]) -> None:  # noqa: F811
    _, url = up
    page = (ROOT / "docs/currencies.md").read_text()
    make, report, late = examples("currencies.md")
    assert "a rate counts for up to 7 days" in shell(make, database, url)
    post, ask = report.split("\ncopq ")
    shell(post, database, url)
    await until(lambda: _booked(database), "six entries are booked")
    said = shell(f"copq {ask}", database, url)
    assert re.findall(r"\n(No exchange rate: .*?)\n", page)[0] in said
    [osaka] = [row.split() for row in said.splitlines() if "osaka" in row]
    assert osaka[3:6] == ["–", "–", "–"]
    rows = json.loads(shell(late, database, url).split("\n", 1)[1])["rows"]
    shown = json.loads(re.findall(r"```json\n(.*?)```", page, re.S)[0])
    assert {name: rows[0][name] for name in shown} == shown
    exact = Fraction("96") + Fraction("163.8") + 13000 / Fraction("157.21")
    assert abs(Fraction(Decimal(shown["copq"])) - exact) < Fraction("1e-8")


async def _booked(database: str) -> bool:
    [row] = await run(database, "select count(*) as n from copq.ledger")
    return bool(row["n"] == 6)


def test_the_files_of_the_page_are_there() -> None:
    named = re.findall(r"examples/currencies/\S+", (ROOT / "docs/currencies.md").read_text())
    assert named and all(Path(ROOT / name).exists() for name in named)
