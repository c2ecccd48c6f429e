"""Who needs a token of which role is said where a person looks first: in the command's help."""

import pytest
from typer.testing import CliRunner

from copq.command_line.command import app

FINANCE = (
    "rates import", "rates submit", "rates approve", "rates reject", "targets set",
    "targets budget", "targets import", "periods close", "periods reopen", "periods lock",
    "currencies set", "currencies import", "reprice",
)  # fmt: skip
ADMIN = ("tokens create", "tokens revoke", "retention apply")
COMMANDS = [(c, "finance") for c in FINANCE] + [(c, "admin") for c in ADMIN]


@pytest.mark.parametrize(("command", "role"), COMMANDS)
def test_the_help_names_the_role_and_the_token(command: str, role: str) -> None:
    done = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"})
    said = " ".join(done.output.split())
    assert done.exit_code == 0 and "must hold one" in said, said
    assert f"for {role}" in said.lower(), said
