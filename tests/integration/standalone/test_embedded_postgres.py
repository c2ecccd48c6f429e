"""The embedded Postgres against real processes, signals and folders."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import asyncpg
import psutil
import pytest

from copq.embedded_postgres.server import EmbeddedPostgres, EmbeddedPostgresError
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]

USER = """
import asyncio, sys
from pathlib import Path
import asyncpg
from copq.embedded_postgres.server import EmbeddedPostgres

async def write(dsn):
    connection = await asyncpg.connect(dsn)
    if sys.argv[2] == "compute":
        await connection.execute("do $$ begin loop end loop; end $$")
    await connection.execute("create table if not exists kept (n int)")
    n = 0
    while True:
        await connection.execute("insert into kept values ($1)", n)
        print(n, flush=True)
        n += 1

with EmbeddedPostgres(Path(sys.argv[1])) as dsn:
    print("ready", flush=True)
    asyncio.run(write(dsn)) if sys.argv[2] != "wait" else sys.stdin.read()
"""


@contextmanager
def user(folder: Path, work: str = "wait", ready: bool = True) -> Iterator[subprocess.Popen[str]]:
    """Another process using the folder; leaves in order when its stdin closes."""
    command = [sys.executable, "-W", "always", "-c", USER, str(folder), work]
    environment = {k: v for k, v in os.environ.items() if k != "XDG_RUNTIME_DIR"}
    with subprocess.Popen(
        command, text=True, cwd=ROOT, env=environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            if ready:
                assert output(process).readline() == "ready\n", process.communicate()
            yield process
        finally:
            process.kill()


def output(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout
    return process.stdout


def leave(process: subprocess.Popen[str]) -> str:
    errors = process.communicate()[1]
    assert process.returncode == 0, errors
    return errors


def write_some(process: subprocess.Popen[str], count: int = 50) -> None:
    for _ in range(count):
        output(process).readline()


def kill(process: subprocess.Popen[str]) -> list[int]:
    """Kill it mid-write; return what it had been told was committed."""
    process.kill()
    return [int(line) for line in output(process).read().splitlines() if line.isdigit()]


def servers(folder: Path) -> list[psutil.Process]:
    """Every live postgres process of the folder, postmaster first."""
    found = []
    for process in psutil.process_iter(["name", "status"]):
        if process.info["name"] == "postgres" and process.info["status"] != psutil.STATUS_ZOMBIE:
            try:
                inside = Path(process.cwd()) == (folder / "postgres").resolve()
            except (psutil.Error, OSError):
                continue
            found += [process] if inside else []
    return sorted(found, key=lambda process: process.create_time())


def are_gone(folder: Path) -> bool:
    """Whether all of them are, soon: one that has removed its lock may still be on its way out."""
    deadline = time.monotonic() + PATIENCE_S
    while servers(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not servers(folder)


def ask(dsn: str, query: str) -> object:
    async def asked() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(asked())


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a fresh cluster, to copy from."""
    folder = tmp_path_factory.mktemp("made") / "data"
    with EmbeddedPostgres(folder):
        pass
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "data"
    subprocess.run(["cp", "-a", made, copy], check=True)
    yield copy
    for process in servers(copy):
        process.kill()


def test_first_start_creates_parents_and_safe_settings(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "a" / "b") as dsn:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            assert ask(dsn, f"show {setting}") == "on"
        assert ask(dsn, "show shared_buffers") == "256MB"
    assert are_gone(tmp_path / "a" / "b")


def test_start_and_stop_again(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder)
    assert postgres.start() == postgres.start()
    postgres.stop()
    postgres.stop()
    assert are_gone(folder)
    assert ask(postgres.start(), "select 1") == 1
    postgres.stop()


def test_nothing_reaches_the_users_terminal(folder: Path) -> None:
    with user(folder) as process:
        assert leave(process) == ""


@pytest.mark.parametrize("victims", ["owner", "owner and servers", "owner and postmaster"])
def test_committed_rows_survive_a_kill_while_writing(folder: Path, victims: str) -> None:
    with user(folder, "write") as process:
        first = output(process).readline()
        write_some(process)
        running = servers(folder)
        if victims == "owner and servers":
            for server in running:
                server.send_signal(signal.SIGKILL)
        elif victims == "owner and postmaster":
            running[0].kill()
        told = [int(first), *kill(process)]
    with EmbeddedPostgres(folder) as dsn:
        assert int(str(ask(dsn, "select max(n) from kept"))) >= max(told)
        assert ask(dsn, "select count(*) - 1 - max(n) from kept") == 0
    assert are_gone(folder)


def _is_computing(backend: psutil.Process) -> bool:
    """One that ends while it is looked at is not."""
    try:
        return backend.cmdline()[0].endswith(" DO")
    except (psutil.Error, IndexError):
        return False


def test_a_busy_backend_that_outlives_its_postmaster(folder: Path) -> None:
    with user(folder, "compute") as process:
        while not any(_is_computing(backend) for backend in servers(folder)):
            time.sleep(0.05)
        servers(folder)[0].kill()
        kill(process)
        assert servers(folder) != []
        with EmbeddedPostgres(folder) as dsn:
            assert ask(dsn, "select 1") == 1
    assert are_gone(folder)


def test_killed_servers_leave_a_dead_lock_behind(folder: Path) -> None:
    with user(folder) as process:
        for server in servers(folder):
            with suppress(psutil.NoSuchProcess):  # it left when the postmaster was killed
                server.kill()
        with EmbeddedPostgres(folder) as dsn:
            assert ask(dsn, "select 1") == 1
            leave(process)
            assert ask(dsn, "select 1") == 1


def test_the_second_leaves_and_the_first_goes_on(folder: Path) -> None:
    with EmbeddedPostgres(folder) as dsn:
        postmaster = servers(folder)[0]
        with user(folder) as second:
            leave(second)
        assert ask(dsn, "select 1") == 1
        assert servers(folder)[0] == postmaster
    assert are_gone(folder)


def test_the_first_leaves_and_the_second_goes_on(folder: Path) -> None:
    with user(folder) as first, EmbeddedPostgres(folder) as dsn:
        leave(first)
        assert ask(dsn, "select 1") == 1
    assert are_gone(folder)


def test_a_killed_user_counts_as_gone(folder: Path) -> None:
    with EmbeddedPostgres(folder) as dsn:
        with user(folder) as second:
            kill(second)
        assert ask(dsn, "select 1") == 1
    assert are_gone(folder)


def test_two_handles_in_one_process(folder: Path) -> None:
    with EmbeddedPostgres(folder) as dsn:
        with EmbeddedPostgres(folder) as same:
            assert ask(same, "show data_directory") == ask(dsn, "show data_directory")
        assert ask(dsn, "select 1") == 1
    assert are_gone(folder)


def test_several_start_at_once_on_a_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with user(folder, ready=False) as a, user(folder, ready=False) as b, user(folder) as c:
        assert [output(process).readline() for process in (a, b)] == ["ready\n"] * 2
        assert len({process.pid for process in servers(folder)}) > 0
        for process in (a, b, c):
            leave(process)
    assert are_gone(folder)


@pytest.mark.parametrize("after", [0.15, 0.3, 0.5, 0.8, 1.0])
def test_a_kill_during_the_first_start(tmp_path: Path, after: float) -> None:
    folder = tmp_path / "new"
    with user(folder, ready=False) as process:
        time.sleep(after)
        kill(process)
    with EmbeddedPostgres(folder) as dsn:
        assert ask(dsn, "select 1") == 1
    assert are_gone(folder)


def test_a_stranger_with_the_dead_servers_process_number(folder: Path) -> None:
    owner = (folder / "postgres").stat().st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "300"], user=owner) as stranger:
        try:
            stale = f"{stranger.pid}\n{folder}\n1700000000\n5432\n.\n\n1 1\nready\n"
            (folder / "postgres" / "postmaster.pid").write_text(stale)
            with EmbeddedPostgres(folder) as dsn:
                assert ask(dsn, "select 1") == 1
            assert stranger.poll() is None
        finally:
            stranger.kill()


@pytest.mark.parametrize("name", ["deep/" * 40 + "data", "it's $HOME a%20b&c=d#e`f\"g"])
def test_deep_and_odd_folders(tmp_path: Path, made: Path, name: str) -> None:
    folder = tmp_path / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", made, folder], check=True)
    with EmbeddedPostgres(folder) as dsn, user(folder) as second:
        assert ask(dsn, "select 1") == 1
        assert leave(second) == ""
        assert ask(dsn, "select 1") == 1
    assert are_gone(folder)


def test_a_new_deep_folder(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / ("deep/" * 40)) as dsn:
        assert ask(dsn, "select 1") == 1


def test_a_moved_folder(folder: Path, tmp_path: Path) -> None:
    with EmbeddedPostgres(folder) as dsn:
        ask(dsn, "create table moved ()")
    moved = Path(shutil.move(folder, tmp_path / "elsewhere"))
    with EmbeddedPostgres(moved) as dsn:
        assert ask(dsn, "select count(*) from moved") == 0


def test_another_major_version_is_refused(folder: Path) -> None:
    (folder / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedPostgresError, match="made by Postgres 16"):
        EmbeddedPostgres(folder).start()


def test_something_else_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "notes.txt").write_text("mine")
    with pytest.raises(EmbeddedPostgresError, match="not a Postgres database folder"):
        EmbeddedPostgres(tmp_path).start()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    with (folder / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        EmbeddedPostgres(folder).start()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EmbeddedPostgresError, match="cannot use the data folder"):
        EmbeddedPostgres(tmp_path / "file" / "data").start()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(EmbeddedPostgresError, match="cannot use the data folder"):
        EmbeddedPostgres(tmp_path).start()
    tmp_path.chmod(0o700)
