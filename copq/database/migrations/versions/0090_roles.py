"""Database roles: what each service and command may do, and the lines that a reader sees.

Always the last of the chain: it names all tables.
"""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0090_roles"
down_revision = "0016_pack"


def upgrade() -> None:
    folder = Path(__file__).parents[1] / "sql"
    run_sql_file(folder / "roles.sql")
    run_sql_file(folder / "0090_roles.sql")
