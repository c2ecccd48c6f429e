"""Retention: which bytes were dropped, who ordered it, and why."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0009_retention"
down_revision = "0008_rate_documents"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0009_retention.sql")
