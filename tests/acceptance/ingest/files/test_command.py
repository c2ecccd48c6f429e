"""`copq import` as a process: its exit codes, its words, and its death at any moment."""

import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import asyncpg
import pytest

from tests.support.access.serving import grant, run
from tests.support.faults.processes import Service
from tests.support.faults.sender import Sender
from tests.support.ingest.files.converting import SMALL
from tests.support.ingest.files.ledger import check_figures, import_bottling_rates
from tests.support.ingest.files.plant import LOG, MAPPING, log, write
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S
from tests.support.programs.forked import Forked, run_copq

HEADER = "at,press,item,step,scrap\n"


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(SMALL)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(HEADER + "2026-01-31 14:05,P4,A,s,3\n2026-11-01 01:30,P4,A,s,3\n")
    return path


class Command:
    """`copq import` on a database, with a folder of its own to remember how far it got."""

    def __init__(self, database: str, folder: Path) -> None:
        self.state = folder / "state"
        self._common = ["--database", database, "--state", str(self.state)]

    def words(self, file: Path, mapping: Path, *options: str) -> list[str]:
        return ["import", str(file), "--mapping", str(mapping), *self._common, *options]

    def run(
        self, file: Path, mapping: Path, *options: str, code: int = 0
    ) -> subprocess.CompletedProcess[str]:
        done = run_copq(*self.words(file, mapping, *options), timeout=PATIENCE_S)
        assert done.returncode == code, done.stderr + done.stdout
        return done

    def end(self, file: Path, mapping: Path, sent: signal.Signals) -> tuple[int, str]:
        """Start it and send it a signal when something, but not all, has been imported."""
        with Path(os.devnull).open("rb") as nothing, tempfile.TemporaryFile() as said:
            files = (nothing.fileno(), said.fileno(), said.fileno())
            process = Forked(self.words(file, mapping), files)
            while not list(self.state.glob("*.json")) and process.poll() is None:
                time.sleep(0.005)
            process.send_signal(sent)
            code = process.wait(PATIENCE_S)
            said.seek(0)
            return code, said.read().decode()


@pytest.fixture
def command(database: str, tmp_path: Path) -> Command:
    return Command(database, tmp_path)


@pytest.fixture
async def bottling(database: str) -> str:
    conn = await asyncpg.connect(database)
    await import_bottling_rates(conn)
    await conn.close()
    return database


def test_report(command: Command, file: Path, mapping: Path) -> None:
    said = command.run(file, mapping).stdout
    assert "2 rows: 2 defect." in said
    assert "2 accepted, 0 there before, 0 refused." in said
    assert "1 row has a time that came twice" in said


def test_report_as_json_and_second_import(command: Command, file: Path, mapping: Path) -> None:
    command.run(file, mapping)
    report = json.loads(command.run(file, mapping, "--json").stdout)
    assert report == {
        "rows": 2, "rows_used": 2, "rows_skipped": {}, "rows_refused": 0,
        "ambiguous_rows": 1, "resumed_at": 0, "events": {"defect": 2}, "accepted": 0,
        "duplicates": 2, "refused": 0, "unpriced": {}, "refusals": [],
    }  # fmt: skip


def test_refused_events_are_shown_and_make_the_answer_no(
    command: Command, file: Path, mapping: Path
) -> None:
    file.write_text(HEADER + "2026-01-31 14:05,P4,A,s,-3\n2026-03-08 02:30,P4,[A],s,3\n")
    said = command.run(file, mapping, code=1).stdout
    assert "0 accepted, 0 there before, 2 refused." in said
    report = json.loads(command.run(file, mapping, "--json", code=1).stdout)
    assert [(r["row"], r["field"]) for r in report["refusals"]] == [
        (2, "quantity"), (3, "occurred_at"),
    ]  # fmt: skip


def test_wrong_mapping_and_wrong_files_are_usage_errors(
    command: Command, file: Path, mapping: Path, tmp_path: Path
) -> None:
    mapping.write_text(SMALL.replace("scrap", "loss").replace("type: defect", "type: defekt"))
    assert "defekt" in command.run(file, mapping, code=2).stderr
    mapping.write_text(SMALL.replace("scrap", "scrp"))
    assert 'did you mean "scrap"?' in command.run(file, mapping, code=2).stderr
    assert "none.csv" in command.run(tmp_path / "none.csv", mapping, code=2).stderr
    (tmp_path / "log.csv.gz").write_bytes(LOG.read_bytes()[:9_999])
    assert "is cut short" in command.run(tmp_path / "log.csv.gz", MAPPING, code=2).stderr
    mapping.write_text(SMALL)
    words = ("import", str(file), "--mapping", str(mapping), "--to", "localhost")
    said = run_copq(*words, timeout=PATIENCE_S, environment=_bare())
    assert said.returncode == 2 and "--to is" in said.stderr


def test_nothing_that_answers_is_said_with_its_own_code(file: Path, mapping: Path) -> None:
    away = Command("postgresql://nobody@127.0.0.1:1/none", file.parent)
    assert "Postgres" in away.run(file, mapping, code=3).stderr


async def test_killed_import_goes_on_and_counts_nothing_twice(
    command: Command, bottling: str, tmp_path: Path
) -> None:
    rows = log()[:3_000]
    file = write(tmp_path / "log.csv", rows, rows[0])
    code, _ = command.end(file, MAPPING, signal.SIGKILL)
    assert code == -signal.SIGKILL
    report = json.loads(command.run(file, MAPPING, "--json").stdout)
    assert report["resumed_at"] > 0
    assert report["accepted"] + report["duplicates"] == sum(report["events"].values())
    assert list(command.state.iterdir()) == []
    await check_figures(bottling, rows)


async def test_interrupted_import_says_how_to_go_on(
    command: Command, bottling: str, tmp_path: Path
) -> None:
    rows = log()[:3_000]
    file = write(tmp_path / "log.csv", rows, rows[0])
    code, said = command.end(file, MAPPING, signal.SIGINT)
    assert code == 130
    assert "Run the same command again: it goes on from there." in " ".join(said.split())
    assert "Traceback" not in said
    command.run(file, MAPPING)
    await check_figures(bottling, rows)


async def test_checkpoint_of_a_ledger_that_is_gone_is_not_used(
    command: Command, bottling: str, tmp_path: Path
) -> None:
    """Its successor at the same address has nothing of what was sent before."""
    rows = log()[:3_000]
    file = write(tmp_path / "log.csv", rows, rows[0])
    command.end(file, MAPPING, signal.SIGKILL)
    assert len(list(command.state.iterdir())) == 1
    await _make_anew(bottling)
    report = json.loads(command.run(file, MAPPING, "--json").stdout)
    assert (report["resumed_at"], report["duplicates"]) == (0, 0)
    await check_figures(bottling, rows)


async def _make_anew(database: str) -> None:
    name = database.split("/")[3].split("?")[0]
    conn = await asyncpg.connect(database.replace(f"/{name}?", "/postgres?"))
    await conn.execute(f"drop database {name} with (force)")
    await conn.execute(f"create database {name} template template_copq")
    await conn.close()
    conn = await asyncpg.connect(database)
    await import_bottling_rates(conn)
    await conn.close()


@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [
        (("--to", "http://localhost:1", "--kafka", "localhost:2"), {}, "--to and --kafka"),
        (("--kafka", "localhost:2", "--database", "postgresql://x"), {}, "--kafka and --database"),
        (
            (),
            {"KAFKA_BOOTSTRAP": "localhost:2", "DATABASE_URL": "postgresql://x"},
            "KAFKA_BOOTSTRAP and",
        ),
    ],
)
@pytest.mark.parametrize("words", [("import", "log.csv"), ("watch", ".")])
def test_two_places_at_once_are_refused(
    file: Path, mapping: Path, words: tuple[str, ...], options: tuple[str, ...],
    variables: dict[str, str], said: str,
) -> None:  # fmt: skip
    done = run_copq(
        *words, "--mapping", str(mapping), *options, timeout=PATIENCE_S, folder=file.parent,
        environment={**_bare(), **variables},
    )  # fmt: skip
    assert done.returncode == 2 and said in done.stderr, done.stderr


def _bare() -> dict[str, str]:
    places = ("KAFKA_BOOTSTRAP", "DATABASE_URL")
    return {name: value for name, value in os.environ.items() if name not in places}


def test_kafka_of_the_environment_gives_way_to_an_option_and_counts_without_one(
    command: Command, file: Path, mapping: Path
) -> None:
    away = {**_bare(), "KAFKA_BOOTSTRAP": "127.0.0.1:1"}
    words = command.words(file, mapping)
    by_option = run_copq(*words, timeout=PATIENCE_S, environment=away)
    assert "2 accepted" in by_option.stdout, by_option.stderr
    words = ["import", str(file), "--mapping", str(mapping)]
    alone = run_copq(*words, timeout=PATIENCE_S, environment=away)
    assert alone.returncode == 3 and "Kafka does not answer" in alone.stderr


async def test_a_token_of_another_line_ends_the_import_at_once_and_says_so(
    database: str, file: Path, mapping: Path, tmp_path: Path
) -> None:
    token = await grant(database, "other", lines=frozenset({("elsewhere", "L9")}))
    [port] = free_ports(1)
    service = Service(tmp_path, "up", "up", "--database", database, "--port", str(port)).start()
    try:
        await Sender(port).is_answered()
        rows = [f"2026-01-31 14:05,P4,A,s,{n + 1}\n" for n in range(5_000)]
        file.write_text(HEADER + "".join(rows))
        done = run_copq(
            "import", str(file), "--mapping", str(mapping), "--to", f"http://127.0.0.1:{port}",
            "--state", str(tmp_path / "state"), timeout=PATIENCE_S,
            environment={**_bare(), "COPQ_TOKEN": token},
        )  # fmt: skip
    finally:
        service.kill()
    assert done.returncode == 2, done.stdout
    said = " ".join(done.stderr.split())
    assert "none of the first 2,000 events is of a line that this token may report" in said
    [refused] = await run(database, "select count(*) as n from copq.rejected")
    assert refused["n"] == 2_000
