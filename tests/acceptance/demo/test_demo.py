"""`copq demo` as a newcomer runs it: what it shows, and what it leaves alone."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
import typer

from copq.command_line.demo.folder import MARK
from copq.command_line.demo.service import DemoService
from copq.command_line.exits import Exit
from copq.embedded_postgres.server import EmbeddedPostgres
from tests.support.docs.bottling import MES, shorten_log
from tests.support.ingest.files.plant import log, units
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]
COPQ = str(Path(sys.executable).with_name("copq"))
PUBLISHED = json.loads((ROOT / "tests/cases/tyre_valves.json").read_text())["figure_13"]


def words(folder: Path, *more: str) -> list[str]:
    return [COPQ, "demo", "--data", str(folder), *more]


def run(folder: Path, inside: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words(folder, "--no-board"),
        cwd=inside,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        stdin=subprocess.DEVNULL,
    )


def money_after(label: str, shown: str) -> list[Decimal]:
    """The figures of the first line that begins with `label`."""
    line = re.search(rf"^ *{label} .*$", shown, re.MULTILINE)
    assert line, f"no line of {label} in:\n{shown}"
    found = re.findall(r"[\d,]+\.\d\d(?! %)", line[0])
    return [Decimal(figure.replace(",", "")) for figure in found]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the demo prints."""
    done = run(tmp_path_factory.mktemp("demo") / "data")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """A copy of the repository's examples, with a shift of each of three days in the log: one of
    the project's baseline, and two after its start."""
    shutil.copytree(ROOT / "examples", tmp_path / "short/examples")
    shorten_log(tmp_path / "short", "2025-06-07", "2025-06-13", "2025-06-14")
    return tmp_path / "short"


@pytest.mark.parametrize("label", ["all lines", "all products"])
def test_fortnight_is_what_the_log_says(shown: str, label: str) -> None:
    copq, rejects, stops, base = money_after(label, shown)
    assert (rejects, base) == (Decimal("204324.00"), Decimal("845235.05"))
    assert copq == rejects + stops


def test_lines_and_products_add_up_to_the_plant(shown: str) -> None:
    for names in (("1", "2", "3"), ("SKU-1001", "SKU-1002", "SKU-2001", "SKU-2002", "SKU-3001")):
        rows = [money_after(name, shown) for name in names]
        assert [sum(column) for column in zip(*rows, strict=True)] == money_after(
            "all lines", shown
        )


def test_today_counts_the_same_hours_as_yesterday(shown: str) -> None:
    today = shown[shown.index("Today against yesterday") :]
    assert money_after("all lines", today)[:2] == [Decimal("26904.75"), Decimal("22398.45")]
    assert "4,506.30 USD more than yesterday" in today


def test_valves_are_within_a_thousandth_of_the_published(shown: str) -> None:
    labels = {
        "production rejection": "production_rejection",
        "customer rejection": "customer_rejection",
        "net COPQ": "net_copq",
        "base: cost of production": "cost_of_production",
    }
    for label, name in labels.items():
        ours, theirs = money_after(label, shown)
        assert theirs == Decimal(PUBLISHED[name])
        assert abs(ours / theirs - 1) < Decimal("0.001")
    assert re.search(r"COPQ % +0\.16 % +0\.16 %", shown)


def test_the_project_pays_off_by_stops_of_the_second_week(shown: str) -> None:
    """By product: units of the second week at the first one's loss a unit, less what it lost."""
    stops, saved = (
        money_after("2025-06", shown[shown.index("palletizer 2 of bottling, USD") :])[-1],
        "4156.61",
    )
    assert stops == Decimal("29100.00")
    assert f"2025-06, hard: accepted at {saved}." in shown


def test_it_ends_clean_and_says_how_to_go_on(shown: str) -> None:
    for said in ("illustrative", "Every event has its price", "No difference", "copq up --data"):
        assert said in shown


@pytest.mark.parametrize(
    "at_a_terminal", [True, pytest.param(False, marks=pytest.mark.soak, id="in the background")]
)
def test_stopped_and_run_again_it_starts_again_and_the_board_stays_up_until_it_is_stopped(
    short: Path, tmp_path: Path, at_a_terminal: bool
) -> None:
    folder = tmp_path / "data"
    _stop_while_it_imports(folder, short)
    ours, theirs = pty.openpty() if at_a_terminal else os.pipe()
    stdin = theirs if at_a_terminal else ours
    process = subprocess.Popen(
        words(folder), cwd=short, stdin=stdin, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    said = list(_until("?plant=bottling", process.stdout))
    _, rejects, _, base = money_after("all lines", "".join(said))
    assert (rejects, base) == _rejects_and_base(short)
    address = said[-1].strip()
    projects = next(line for line in process.stdout if line.endswith("/projects\n")).strip()
    how = "Ctrl-C" if at_a_terminal else f"kill {process.pid}"
    assert next(line for line in process.stdout if how in line)
    assert "<main" in httpx.get(address, trust_env=False, verify=False).text
    assert "palletizer 2" in httpx.get(projects, trust_env=False, verify=False).text
    assert process.poll() is None
    process.send_signal(signal.SIGINT if at_a_terminal else signal.SIGTERM)
    process.stdout.read()
    assert process.wait(PATIENCE_S) == (0 if at_a_terminal else 128 + signal.SIGTERM)
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False, verify=False)
    os.close(ours)
    os.close(theirs)


def _stop_while_it_imports(folder: Path, inside: Path) -> None:
    """A signal stops the service of the demo, too."""
    process = subprocess.Popen(words(folder), cwd=inside, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    said = next(line for line in process.stdout if "It answers on" in line)
    process.send_signal(signal.SIGTERM)
    process.stdout.read()
    assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM
    with pytest.raises(httpx.ConnectError):
        httpx.get(said.split()[3], trust_env=False, verify=False)


def _rejects_and_base(short: Path) -> tuple[Decimal, Decimal]:
    """What the rows of the log say."""
    months = [
        (element, figures)
        for (bucket, _, element), figures in units(log(short / MES)).items()
        if bucket.grain == "month"
    ]
    return (
        sum((figures.net for element, figures in months if element == "defect"), Decimal(0)),
        sum((figures.base for _, figures in months), Decimal(0)),
    )


def _until(end: str, lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if end in line:
            return


def test_a_folder_with_other_data_is_left_alone(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    ledger.write_text("precious")
    done = run(tmp_path)
    assert done.returncode == 2 and "the demo did not make" in done.stderr
    assert ledger.read_text() == "precious"


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path):
        (tmp_path / MARK).touch()
        done = run(tmp_path)
        assert done.returncode == 3 and "is in use" in done.stderr
        assert (tmp_path / "postgres" / "postmaster.pid").exists()


def test_elsewhere_it_says_where_to_run_it(tmp_path: Path) -> None:
    done = run(tmp_path / "data", inside=tmp_path)
    assert done.returncode == 2 and "folder of the copq repository" in done.stderr


def test_a_service_that_ends_by_itself_ends_the_demo(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    log.write_text("out of memory")
    service = DemoService("", subprocess.Popen([sys.executable, "-c", "exit(9)"]), log)
    with pytest.raises(typer.Exit) as ended:
        service.wait()
    assert ended.value.exit_code == Exit.UNAVAILABLE
