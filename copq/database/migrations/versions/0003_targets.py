"""Targets of COPQ, and the money that a month may lose."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0003_targets"
down_revision = "0002_access"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0003_targets.sql")
