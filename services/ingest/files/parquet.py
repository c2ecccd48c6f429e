"""Parquet files, by polars: imported only where one is read, for it takes a while to load."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from services.ingest.files.faults import FileError

_AT_ONCE = 20_000


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except pl.exceptions.PolarsError as error:
        raise FileError(f"is no Parquet file that can be read: {error}") from None


def column_names(path: Path) -> list[str]:
    with _readable():
        return pl.scan_parquet(path, glob=False).collect_schema().names()


def count_rows(path: Path) -> int:
    with _readable():
        return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())


def records(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The rows as values by column, read some thousands at a time."""
    with _readable():
        frame = pl.scan_parquet(path, glob=False).select(columns)
        for start in range(0, count_rows(path), _AT_ONCE):
            yield from frame.slice(start, _AT_ONCE).collect().iter_rows(named=True)
