"""The canning plant's log, short: the months of line 1 that docs/improvement.md shows."""

import gzip
from pathlib import Path

LOG = "examples/canning_plant/log.csv.gz"
_MONTHS = (*(f"2023-{n:02}" for n in range(1, 13)), "2024-01", "2024-02", "2024-08", "2024-10",
           "2025-01")  # fmt: skip


def shorten_canning_log(folder: Path) -> None:
    """Keep them in the log of a copy of the examples: each of their figures stays as it is."""
    log = folder / LOG
    header, *rows = gzip.decompress(log.read_bytes()).decode().splitlines(keepends=True)
    kept = (row for row in rows if row.startswith(_MONTHS) and row.split(",")[1] == "1")
    log.write_bytes(gzip.compress((header + "".join(kept)).encode()))
