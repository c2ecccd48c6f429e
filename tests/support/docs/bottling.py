"""The bottling plant's log, short: enough to have figures, and quick to import."""

import gzip
from pathlib import Path

MES = "examples/bottling_plant/mes.csv.gz"


def shorten_log(folder: Path, *days: str) -> None:
    """Keep one shift of each day in the log of a copy of the examples."""
    log = folder / MES
    header, *rows = gzip.decompress(log.read_bytes()).splitlines(keepends=True)
    shift = tuple(f"{day} {hour:02}".encode() for day in days for hour in range(6, 14))
    kept = b"".join(row for row in rows if row.startswith(shift))
    log.write_bytes(gzip.compress(header + kept))
