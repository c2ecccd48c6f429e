"""People who sign in at an identity provider, and their sessions."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0015_sign_in"
down_revision = "0014_desk"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0015_sign_in.sql")
