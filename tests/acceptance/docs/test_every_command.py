"""Every command of the documents, run in order on a fresh data folder, a year from now.

A document that runs then has no date that expires. The README runs today too (`make soak`).
All that runs is moved together, Postgres included: months end, and tokens expire, by its clock.
"""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.support.docs.blocks import ROOT, Block, blocks, pages, printed
from tests.support.docs.bottling import shorten_log
from tests.support.docs.canning import shorten_canning_log
from tests.support.docs.shell import Shell, shell
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S

LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
EMPTY = ("No figures in this window", "Nothing was booked yet", "No entry here", "Traceback")
RUNBOOKS = "docs/runbooks/"
NOT_HERE = re.compile(r"^ *(copq up\b|make setup\b).*$", re.M)
"""The shell is set up, and the service runs, before the first command."""
PORT = re.compile(r"(localhost|127\.0\.0\.1):808[01]")
TOKEN = """copq tokens create {name} {more} --json |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])'"""
VALVES = "copq rates import examples/tyre_valves/rates.yaml"
VALVE_EVENTS = f"""{VALVES}
curl -sf localhost:8080/v1/events -H 'content-type: application/x-ndjson' \\
  --data-binary @examples/tyre_valves/events.ndjson"""
BOTTLES = """copq rates import examples/bottling_plant/rates.yaml
copq import examples/bottling_plant/mes.csv.gz --mapping examples/bottling_plant/mapping.yaml"""
BEFORE = {
    "docs/access.md": VALVES,
    "docs/api.md": BOTTLES,
    "docs/audit.md": VALVE_EVENTS,
    "docs/backup.md": VALVES,
    "docs/cost-of-quality.md": BOTTLES,
    "docs/product-groups.md": BOTTLES,
    "docs/ingest/files.md": "copq rates import examples/bottling_plant/rates.yaml",
    "docs/ingest/form.md": f"{VALVES}\nexport COPQ_TOKEN=$("
    + TOKEN.format(name="desk", more="--plant mysuru") + ")",
    "docs/ingest/http.md": "copq rates import rates.yaml",
    "docs/pack.md": BOTTLES,
    "docs/problems.md": "copq rates import rates.yaml",
    "docs/projects.md": "copq rates import rates.yaml",
    "docs/rates.md": f"{VALVE_EVENTS}\nANNA=$({TOKEN.format(name='anna', more='--role finance')})"
    f"\nCARLA=$({TOKEN.format(name='carla', more='--role finance')})"
    "\nsed s/5.55/5.75/ examples/tyre_valves/rates.yaml > rates-2027.yaml",
    "docs/repricing.md": VALVES,
    RUNBOOKS: VALVE_EVENTS,
    "docs/standing-costs.md": BOTTLES,
    "docs/targets.md": "copq rates import rates.yaml",
    "docs/what-if.md": BOTTLES,
    "docs/why.md": BOTTLES,
}  # fmt: skip
"""What a reader has done before a document's first command."""


LONG = ("docs/improvement.md", "docs/pack.md")
"""Documents that run for so long that only `make soak` runs them."""

PRINTED = ("docs/improvement.md",)
"""Documents that show what their commands print."""


def _by_document() -> dict[str, list[Block]]:
    """What runs here. The runbooks are one: a service that runs, and questions to it."""
    found: dict[str, list[Block]] = {}
    for page in pages():
        here = [block for block in blocks(page) if block.elsewhere is None]
        if here:
            found.setdefault(RUNBOOKS if page.startswith(RUNBOOKS) else page, []).extend(here)
    return found


DOCUMENTS = _by_document()


@contextmanager
def _shell(folder: Path, library: Path | None) -> Iterator[tuple[Shell, Path]]:
    """A shell, and a data folder to begin with."""
    with shell(folder, library, "+366d") as found:
        code, said = found.run("copq migrate --data template", folder)
        assert code == 0, said
        yield found, folder / "template"


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shell, Path]]:
    with _shell(tmp_path_factory.mktemp("today"), None) as found:
        yield found


@pytest.fixture(scope="module")
def in_a_year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shell, Path]]:
    """Today where there is no libfaketime, so that the commands are run anyway."""
    if LIBRARY is None and os.environ.get("COPQ_ALL_PROGRAMS"):
        pytest.fail("no libfaketime: tests/support/programs/install")
    with _shell(tmp_path_factory.mktemp("year"), LIBRARY) as found:
        yield found


@pytest.mark.soak
def test_the_readme_runs_today(today: tuple[Shell, Path], tmp_path: Path) -> None:
    _run(*today, "README.md", tmp_path)


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.soak] if page in LONG else []) for page in DOCUMENTS],
)
def test_a_document_runs_in_a_year(
    in_a_year: tuple[Shell, Path], page: str, tmp_path: Path
) -> None:
    _run(*in_a_year, page, tmp_path)


@pytest.mark.skipif(LIBRARY is None, reason="no libfaketime: tests/support/programs/install")
def test_the_clock_is_a_year_ahead(in_a_year: tuple[Shell, Path], tmp_path: Path) -> None:
    """That of the shell, of copq and of its Postgres."""
    bash, template = in_a_year
    _lay_out(template, tmp_path)
    token = "copq tokens create a --role manager --expires 1d --json"
    code, said = bash.run(f"date +%Y; {token}; copq tokens list --json", tmp_path)
    year = (datetime.now(UTC) + timedelta(days=366)).year
    assert code == 0 and said.startswith(str(year)), said
    made = [json.loads(said[said.index("[") :])[0][name] for name in ("created_at", "expires_at")]
    assert all(str(at).startswith((str(year), str(year + 1))) for at in made), made


def _run(bash: Shell, template: Path, page: str, folder: Path) -> None:
    """All of a document, as it stands."""
    _lay_out(template, folder)
    [port] = free_ports(1)
    script = PORT.sub(rf"\1:{port}", _script(page))
    try:
        if str(port) in script:
            bash.run(f"copq up --port {port} >up.log 2>&1 &", folder)
            _wait_for(port)
        code, said = bash.run(script, folder)
    finally:
        bash.end()
    assert code == 0, f"{script}\n{said}"
    unwanted = ("Traceback",) if page == RUNBOOKS else EMPTY
    assert not [line for line in said.splitlines() if any(word in line for word in unwanted)], said
    if page in PRINTED:
        lines = {" ".join(line.split()) for line in said.splitlines()}
        assert not [line for line in printed(page) if line and line not in lines], said


def _lay_out(template: Path, folder: Path) -> None:
    """A data folder, the examples of the repository, and the files that two pages show."""
    subprocess.run(["cp", "-a", template, folder / "copq-data"], check=True)
    shutil.copytree(ROOT / "examples", folder / "examples")
    shorten_log(folder, "2025-06-13")
    shorten_canning_log(folder)
    shutil.copytree(ROOT / "deploy/grafana/dashboards", folder / "deploy/grafana/dashboards")
    for page in ("rates", "targets"):
        text = (ROOT / f"docs/{page}.md").read_text(encoding="utf-8")
        shown = text.partition("```yaml\n")[2].partition("```")[0]
        (folder / f"{page}.yaml").write_text(shown, encoding="utf-8")


def _script(page: str) -> str:
    """All blocks of a document that run here, each after its place in the page."""
    parts = [BEFORE.get(page, ":")]
    for block in DOCUMENTS[page]:
        parts += [f"echo '=== {block}'", NOT_HERE.sub("", block.text)]
    script = "\n".join(parts)
    if page == RUNBOOKS:
        script = re.sub(r"\bPLANT\b", "mysuru", re.sub(r"\bLINE\b", "valves", script))
    return script


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/readyz", verify=False).raise_for_status()
            return
        except httpx.HTTPError:
            assert time.monotonic() < until
            time.sleep(0.05)
