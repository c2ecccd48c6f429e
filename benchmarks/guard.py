"""CPU seconds per million events of the hot path, against another commit.

Both are measured in one run and take turns, so that what else the machine does disturbs both. The
other commit runs with the libraries of this environment.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from copq.command_line.terminal import err, out

ROOT = Path(__file__).parents[1]
MEASURES = Path("benchmarks") / "cpu.py"


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """A folder with the files of a commit; it goes afterwards. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", folder, commit], check=True)
        try:
            build = Path(folder) / "build"
            build.mkdir(exist_ok=True)
            (build / "kafka").symlink_to(ROOT / "build" / "kafka")
            yield Path(folder)
        finally:
            subprocess.run([*git, "remove", "--force", folder], check=True)


def measured(folder: Path, events: int, stages: str) -> float:
    """CPU seconds per million events of the code in a folder. Raises CalledProcessError."""
    command = [sys.executable, "-m", "benchmarks.cpu", "--events", str(events), "--bare", stages]
    told = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=told, capture_output=True, check=True)
    return float(done.stdout.split()[-1])


def compare(commit: str, events: int, rounds: int, stages: str) -> str:
    """The ratio in words, with the ratios of the single rounds."""
    with checked_out(commit) as before:
        if not (before / MEASURES).exists():
            return f"{commit} has no {MEASURES}: there is nothing to compare with"
        ratios, totals = [], []
        for number in range(rounds):
            now, then = (measured(folder, events, stages) for folder in (ROOT, before))
            err.print(f"round {number + 1}: {now:.1f} against {then:.1f} CPU s per million events")
            ratios.append(now / then)
            totals.append(now)
    spread = f"{min(ratios):.2f} to {max(ratios):.2f} in {rounds} rounds"
    return (
        f"{median(totals):.1f} CPU s per million events, {median(ratios):.2f} times "
        f"those of {commit} ({spread})"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", default="HEAD~1", help="a commit")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stages", default="two", choices=["one", "two"])
    options = parser.parse_args()
    try:
        out.print(compare(options.against, options.events, options.rounds, options.stages))
    except subprocess.CalledProcessError as error:
        err.print((error.stderr or b"").decode()[-2000:])
        sys.exit(
            f"not measured: {' '.join(map(str, error.cmd[:4]))} … ended with {error.returncode}"
        )
