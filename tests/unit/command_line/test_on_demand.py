"""Commands are loaded when they are named, and no sooner."""

import subprocess
import sys

from alembic.script import ScriptDirectory
from typer.main import get_command

from copq.command_line.command import COMMANDS, app
from copq.command_line.on_demand import help_of
from copq.database.migrate import MIGRATIONS, _revisions_after

HEAVY = {
    "aiohttp", "aiokafka", "alembic", "fastapi", "faust", "hypothesis", "numpy", "openpyxl",
    "opentelemetry", "pandas", "playwright", "polars", "prometheus_client", "ruptures", "scipy",
    "sqlalchemy", "statsmodels", "uvicorn", "yaml",
}  # fmt: skip
LOADED = """
import sys
from copq.command_line.command import app
for words in {calls}:
    app(words, standalone_mode=False)
    print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
    print(*sorted(name for name in sys.modules if name.startswith("copq.command_line.commands.")))
"""


def _loaded(*calls: list[str]) -> tuple[set[str], list[str], str]:
    """The packages and the modules of commands that these commands load, and what they print."""
    script = LOADED.format(calls=[[*words, "--help"] for words in calls])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *printed, packages, commands = done.stdout.split("\n")[:-1]
    return set(packages.split()), commands.split(), "\n".join(printed)


def test_the_help_loads_no_command() -> None:
    packages, commands, printed = _loaded([])
    assert commands == []
    assert packages & {*HEAVY, "asyncpg", "pydantic"} == set()
    assert all(name in printed for name in COMMANDS)


def test_a_command_that_reads_loads_no_server_broker_or_reader_of_files() -> None:
    names = ("report", "verify", "kpis", "entries", "plan", "targets", "tokens")
    packages, commands, _ = _loaded(*([name] for name in names))
    assert len(commands) >= len(names)
    assert packages & HEAVY == set()


def test_faust_is_loaded_by_costing_alone() -> None:
    packages, _, _ = _loaded(["up"], ["ingest"], ["aggregator"], ["import"])
    assert packages & {"aiohttp", "faust", "openpyxl", "polars", "sqlalchemy"} == set()


def test_events_are_known_before_their_models_are_built() -> None:
    """Building takes longer than all else that a report loads."""
    script = (
        "from copq.schemas.events import EVENT, EVENT_MODELS as known; print(*(x"
        ".__pydantic_complete__ for x in known.values()), EVENT.pydantic_complete)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert set(done.stdout.split()) == {"False"}, done.stderr


def test_the_help_of_a_command_is_its_own() -> None:
    made = get_command(app).commands  # type: ignore[attr-defined]
    for name, place in COMMANDS.items():
        assert help_of(place).split() == (made[name].help or "").split(), name


def test_every_command_is_where_it_is_said_to_be() -> None:
    made = get_command(app).commands  # type: ignore[attr-defined]
    assert {name: made[name].name for name in COMMANDS} == {name: name for name in COMMANDS}


def test_the_files_of_the_migrations_are_in_the_order_of_their_chain() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    assert _revisions_after(None, MIGRATIONS) == [script.revision for script in scripts][::-1]
