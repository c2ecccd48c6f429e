"""Improvement projects: promises, what was measured, what finance signed."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0013_projects"
down_revision = "0012_summaries"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0013_projects.sql")
