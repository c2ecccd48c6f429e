"""The examples of docs/repricing.md, run as they stand."""

import re
from pathlib import Path

from tests.acceptance.access.test_docs import ROOT, examples, shell
from tests.acceptance.access.test_process import up  # noqa: F401 - a fixture
from tests.support.faults.processes import Service, copq


async def test_the_page_of_repricing_runs(database: str, up: tuple[Service, str]) -> None:  # noqa: F811
    _, url = up
    shell("copq rates import examples/tyre_valves/rates.yaml", database, url)
    [script] = examples("repricing.md")
    page = (ROOT / "docs/repricing.md").read_text()
    [shown] = re.findall(r"```\n(At rate book revision .*?)```", page, re.S)
    try:
        said = shell(script, database, url)
    finally:
        Path(ROOT / "corrected.yaml").unlink(missing_ok=True)
    assert words(shown)[:1] == words(said[said.index("At rate book") :])[:1]
    assert set(words(shown)) <= set(words(said))
    assert "Repricing 1, at rate book revision 2" in said
    listed = shell("copq reprice --list", database, url)
    assert "invoice 4711 came late" in listed and "done" in listed
    assert "Nothing to do" in shell('copq reprice --apply --why "again"', database, url)


def words(text: str) -> list[str]:
    """Lines, whatever the width of the columns."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip(" ─")]


def test_a_command_says_what_is_missing(database: str) -> None:
    assert "--why" in copq("reprice", "--apply", "--database", database, code=2)
    assert "one of --plan" in copq("reprice", "--database", database, code=2)
    days = ("--from", "2026-03", "--to", "2026-02")
    assert "must be after" in copq("reprice", "--plan", *days, "--database", database, code=2)
    unknown = copq("reprice", "--plan", "--plant", "nowhere", "--database", database, code=2)
    assert 'plant "nowhere"' in unknown
    assert "is not a date" in copq(
        "reprice", "--plan", "--from", "May", "--database", database, code=2
    )
