"""The audit trail, and the tables of decisions that are under it."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0004_audit"
down_revision = "0003_targets"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0004_audit.sql")
