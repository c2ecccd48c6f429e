"""The embedded Postgres of the standalone service: one per data folder, shared by processes."""

import atexit
import tempfile
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from copq.embedded_postgres import process as postgres_process
from copq.embedded_postgres.account import EmbeddedPostgresError, check_owners, make_folder
from copq.embedded_postgres.cluster import PORT, Cluster
from copq.embedded_postgres.folder_lock import FolderLock
from copq.embedded_postgres.interruption import uninterrupted
from copq.process.system_errors import plainly

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]

LONGEST_SOCKET_PATH = 100  # systems allow 103 to 107 bytes


class EmbeddedPostgres:
    """This process's use of the database in `folder`, which is created on first use.

    Any number of processes may use one folder: the first starts the server, the last to
    stop shuts it down, even where it was interrupted while it started. A killed process counts
    as gone, and a server that killed processes left running is taken over by the next to start.
    Start and stop block; inside an event loop call them in a thread.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser().absolute()
        self._use: FolderLock | None = None
        self._shortcut: tempfile.TemporaryDirectory[str] | None = None
        self._dsn = ""
        self._reach = self._folder  # where the socket is

    @property
    def folder(self) -> Path:
        """Where the data is, as an absolute path."""
        return self._folder

    def start(self) -> str:
        """Bring the server up, after crash recovery if need be; return its asyncpg DSN.

        The DSN holds until stop(); a second start returns it again. Raises
        EmbeddedPostgresError where the folder cannot be used, was made by another major
        version, or the server does not come up; start() may then be called again.
        """
        if self._use is None:
            atexit.register(self.stop)
            try:
                self._begin_use()
            except OSError as error:
                raise EmbeddedPostgresError(
                    f"cannot use the data folder {self._folder}: {plainly(error)}"
                ) from error
        return self._dsn

    def runs(self) -> bool:
        """Whether the server exists now; it may still be starting, or hang."""
        return postgres_process.is_running(Cluster(self._folder))

    def revive(self) -> None:
        """Start a server that died, with its recovery; a no-op while one runs. Blocks.

        The DSN stays as it was. Call it between start() and stop(). Raises as start().
        """
        cluster = Cluster(self._folder)
        try:
            with FolderLock(self._folder / "postgres.turn", cluster.account):
                postgres_process.ensure_running(cluster, self._reach)
        except OSError as error:
            raise EmbeddedPostgresError(
                f"cannot start Postgres again in {self._folder}: {error}"
            ) from error

    def stop(self) -> None:
        """End this use; the last one shuts the server down. A no-op when not started."""
        if self._use is None:
            return
        with uninterrupted():
            cluster = Cluster(self._folder)
            try:
                with FolderLock(self._folder / "postgres.turn", cluster.account):
                    if self._use.is_last():
                        postgres_process.stop(cluster)
            finally:
                self._end_use()

    def __enter__(self) -> str:
        """Start; the context's value is the DSN."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    def _begin_use(self) -> None:
        self._folder = self._folder.resolve()
        check_owners(self._folder)
        make_folder(self._folder)
        check_owners(self._folder)
        cluster = Cluster(self._folder)
        try:
            with FolderLock(self._folder / "postgres.turn", cluster.account):
                self._use = FolderLock(self._folder / "postgres.use", cluster.account, shared=True)
                self._dsn = self._bring_up(cluster)
        except BaseException:
            self._abandon(cluster)
            raise

    def _abandon(self, cluster: Cluster) -> None:
        """End a use that failed to begin, with a server that was launched for it alone."""
        with uninterrupted():
            if self._use is not None and self._use.is_last():
                postgres_process.stop_launched(cluster)
            self._end_use()

    def _bring_up(self, cluster: Cluster) -> str:
        cluster.prepare()
        self._reach = self._short_name(cluster.folder)
        postgres_process.ensure_running(cluster, self._reach)
        return f"postgresql://postgres:@/postgres?host={quote(str(self._reach))}&port={PORT}"

    def _short_name(self, folder: Path) -> Path:
        """`folder`, or a link to it if the full name of a socket there would be too long.

        The link lies in a new private folder, so nobody can put another server's in its
        place; a killed process leaves it behind in the system's folder for such.
        """
        if len(bytes(folder)) + len(f"/.s.PGSQL.{PORT}") <= LONGEST_SOCKET_PATH:
            return folder
        self._shortcut = tempfile.TemporaryDirectory(prefix="copq-")
        link = Path(self._shortcut.name) / "db"
        link.symlink_to(folder)
        return link

    def _end_use(self) -> None:
        if self._use is not None:
            self._use.release()
        if self._shortcut is not None:
            self._shortcut.cleanup()
        self._use = self._shortcut = None
        atexit.unregister(self.stop)
