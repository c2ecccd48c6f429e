"""Migrations written as plain SQL files."""

from pathlib import Path

from alembic import op


def run_sql_file(path: Path) -> None:
    """Add the file's statements, untouched, to the migration being rendered.

    The file must not begin or end a transaction: the whole upgrade is one. Raises OSError
    where the file cannot be read.
    """
    # Not op.execute, which would take a colon in a literal for a parameter.
    op.get_context().impl.static_output(path.read_text(encoding="utf-8").rstrip() + "\n;")
