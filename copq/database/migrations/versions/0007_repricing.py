"""Repricing: booked events are booked again after rates have changed for the past."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0007_repricing"
down_revision = "0006_currencies"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0007_repricing.sql")
