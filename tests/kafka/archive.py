"""Makes the archive of Kafka's classes: a broker starts once, and Java keeps what it has loaded.

python -m tests.kafka.archive
"""

import tempfile
from pathlib import Path

from tests.kafka.broker import ARCHIVE, KafkaBroker
from tests.kafka.fixtures import JARS

_STOP_SECONDS = 120.0
"""Java writes the archive as it ends."""


class _Archived(KafkaBroker):
    """A broker that leaves the archive at `path` as it stops."""

    def __init__(self, folder: Path, jars: Path, path: Path) -> None:
        super().__init__(folder, jars)
        self._java_options = [f"-XX:ArchiveClassesAtExit={path}"]

    def stop(self) -> None:
        self._live().stop(_STOP_SECONDS)


def make_archive(jars: Path) -> None:
    """Replaces the archive. Raises `BrokerError` where the broker does not start."""
    (jars / ARCHIVE).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=jars) as folder:
        made = Path(folder) / ARCHIVE
        with _Archived(Path(folder), jars, made):
            pass
        made.rename(jars / ARCHIVE)


if __name__ == "__main__":
    make_archive(JARS)
