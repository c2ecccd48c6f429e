"""The rows of a benchmark: each is printed and written to a file as soon as it is measured."""

import os
import platform
import traceback
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path

from copq.command_line.terminal import err, out, table

BENCH = Path(__file__).parents[1] / "build" / "bench"


class Report:
    """A table in `build/bench/NAME.md`, which holds every row so far, whatever happens next."""

    def __init__(self, name: str, title: str, *columns: str, folder: Path = BENCH) -> None:
        self.file = folder / f"{name}.md"
        self.title, self._columns = title, columns
        self._rows: list[tuple[str, ...]] = []
        folder.mkdir(parents=True, exist_ok=True)
        head = f"# {title}\n\n{_machine()}\n\n"
        self.file.write_text(head + _line(columns) + _line(["---"] * len(columns)))

    def add(self, *row: str) -> None:
        err.print("  ".join(part for part in row if part))
        self._rows.append(row)
        with self.file.open("a") as file:
            file.write(_line(row))

    async def attempt(self, what: str, work: Awaitable[None]) -> bool:
        """Measure a part. If it fails, its row says why, and the answer is False."""
        err.print(f"{what} …")
        try:
            await work
            return True
        except Exception as error:
            err.print(traceback.format_exc())
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            empty = [""] * (len(self._columns) - 2)
            self.add(what, f"not measured: {reason}", *empty)
            return False

    def close(self) -> None:
        """Print the whole table, and where it is."""
        table(self.title, self._columns, self._rows)
        out.print(f"Written to {self.file}")


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _machine() -> str:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{now}, {os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}"
