"""Packs for management reviews that were sent, so that none is sent twice."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0016_pack"
down_revision = "0015_sign_in"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0016_pack.sql")
