"""The ledger and the views over it."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0001_ledger"
down_revision = None


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0001_ledger.sql")
