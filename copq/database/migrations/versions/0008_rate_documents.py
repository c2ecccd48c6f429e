"""Rates as documents, decided by two people; rates are only ever added to."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0008_rate_documents"
down_revision = "0007_repricing"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0008_rate_documents.sql")
