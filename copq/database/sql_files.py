"""SQL lives in files: each statement in `sql/<name>.sql` next to the module that runs it."""

from pathlib import Path


def statement(module: str, name: str) -> str:
    """The statement `name` of the module whose `__file__` is given."""
    return (Path(module).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
