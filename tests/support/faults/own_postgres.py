"""A Postgres server that a test may break."""

import signal
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil

from copq.database.migrate import migrate
from copq.embedded_postgres import process as postgres_process
from copq.embedded_postgres.cluster import Cluster
from copq.embedded_postgres.server import EmbeddedPostgres


class OwnPostgres:
    """Keeps its address and its data between a kill and the next start."""

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedPostgres(folder)
        self.database = self._server.start()
        self._cluster = Cluster(folder.resolve())
        migrate(self.database)

    def kill(self) -> None:
        """All its processes at once, as a power cut."""
        self._tell(signal.SIGKILL)

    def signal_postmaster(self, number: signal.Signals) -> None:
        """That process alone: SIGQUIT is a shutdown without a checkpoint."""
        self._postmaster().send_signal(number)

    def break_for_good(self) -> None:
        """Kill it, and take away what it cannot start without."""
        (self._cluster.folder / "global/pg_control").rename(self._cluster.folder / "taken_away")
        self.kill()

    def start(self) -> None:
        self._cluster.prepare()
        [reach] = parse_qs(urlsplit(self.database).query)["host"]
        postgres_process.ensure_running(self._cluster, Path(reach))

    def freeze(self) -> None:
        self._tell(signal.SIGSTOP)

    def thaw(self) -> None:
        self._tell(signal.SIGCONT)

    def close(self) -> None:
        """To its end, however the test left it; a no-op the second time."""
        with suppress(psutil.NoSuchProcess):
            self._tell(signal.SIGCONT)
        self._server.stop()

    def _tell(self, number: signal.Signals) -> None:
        main = self._postmaster()
        for process in [main, *main.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def pid(self) -> int | None:
        """Of its main process; None while there is none to be named."""
        try:
            return int((self._cluster.folder / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError):
            return None

    def _postmaster(self) -> psutil.Process:
        pid = self.pid()
        if pid is None:
            raise psutil.NoSuchProcess(0)
        return psutil.Process(pid)
