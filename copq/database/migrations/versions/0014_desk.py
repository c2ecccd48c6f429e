"""What was asked for by API and page, so that nothing is done twice."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0014_desk"
down_revision = "0013_projects"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0014_desk.sql")
