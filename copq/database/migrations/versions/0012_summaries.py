"""Summaries: the ledger by production day and every dimension that losses are explained by."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0012_summaries"
down_revision = "0011_standing_costs"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0012_summaries.sql")
