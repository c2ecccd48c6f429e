"""Product groups: which product is in which group of a grouping, by production day."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0010_product_groups"
down_revision = "0009_retention"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0010_product_groups.sql")
