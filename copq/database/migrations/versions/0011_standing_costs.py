"""Standing costs, and how far they are posted."""

from pathlib import Path

from copq.database.migrations.sql_file import run_sql_file

revision = "0011_standing_costs"
down_revision = "0010_product_groups"


def upgrade() -> None:
    run_sql_file(Path(__file__).parents[1] / "sql" / "0011_standing_costs.sql")
