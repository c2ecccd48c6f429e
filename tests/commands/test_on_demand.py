"""Commands are loaded when they are named, and no sooner."""

import subprocess
import sys

from alembic.script import ScriptDirectory
from typer.main import get_command

from copq.command import COMMANDS, app
from copq.on_demand import help_of
from deploy.migrate import MIGRATIONS, _after

LOADED = """
import sys
from copq.command import app
app(["report", "--help"], standalone_mode=False)
print(sorted({name.split(".")[0] for name in sys.modules} & {"faust", "fastapi", "alembic"}))
"""


def test_the_help_loads_no_command() -> None:
    script = LOADED.replace('"report", ', "").replace(
        '{"faust"', '{"copq.commands", "asyncpg", "faust"'
    )
    script = script.replace('.split(".")[0]', "[:13]")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert all(name in done.stdout for name in COMMANDS)


def test_the_help_of_a_command_is_its_own() -> None:
    made = get_command(app).commands  # type: ignore[attr-defined]
    for name, place in COMMANDS.items():
        assert help_of(place).split() == (made[name].help or "").split(), name


def test_a_report_loads_no_server_no_broker_and_no_migrations() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_every_command_is_where_it_is_said_to_be() -> None:
    made = get_command(app).commands  # type: ignore[attr-defined]
    assert {name: made[name].name for name in COMMANDS} == {name: name for name in COMMANDS}


def test_the_files_of_the_migrations_are_in_the_order_of_their_chain() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    assert _after(None, MIGRATIONS) == [script.revision for script in scripts][::-1]
