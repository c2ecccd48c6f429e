"""Tokens, and entries of the form."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0002_access"
down_revision = "0001_ledger"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0002_access.sql")
