"""Periods: months that finance has closed, and what was signed off."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0005_periods"
down_revision = "0004_audit"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0005_periods.sql")
