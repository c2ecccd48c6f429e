"""The reporting currency, and exchange rates."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0006_currencies"
down_revision = "0005_periods"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0006_currencies.sql")
