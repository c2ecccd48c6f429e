"""Which system user Postgres runs as: it refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEDICATED_USER = "copq"


class EmbeddedPostgresError(Exception):
    """The embedded database cannot run; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The user and group the server's processes run under."""

    uid: int
    gid: int

    def run(
        self, *command: str | Path, inside: Path = Path("/")
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end under this account; its exit status raises nothing.

        It runs in the folder `inside`: the account may be unable to enter our own.
        """
        # Its own session: Ctrl-C is for us, and we stop the server in order.
        become: dict[str, Any] = {"start_new_session": True}
        if os.geteuid() == 0:
            become |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(
            command, cwd=inside, capture_output=True, text=True, check=False, **become
        )

    def own(self, path: Path) -> None:
        """Hand `path` to this account where we are root; otherwise it is ours already."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)

    def ensure_reach(self, path: Path) -> None:
        """Make sure this account can enter `path`, a folder.

        As root this may add search permission (not listing, not reading) for others to
        the folders above it. Raises EmbeddedPostgresError where that does not suffice.
        """
        if self._reaches(path):
            return
        for parent in path.parents:
            parent.chmod(parent.stat().st_mode | 0o001)
        if not self._reaches(path):
            raise EmbeddedPostgresError(
                f"user {self.uid}, which runs the embedded Postgres, cannot enter {path}; "
                "run copq as an ordinary user or choose another folder"
            )

    def _reaches(self, path: Path) -> bool:
        return os.geteuid() != 0 or self.run("test", "-x", path).returncode == 0


def account_for(folder: Path, cluster: Path) -> Account:
    """The account that owns, or is to own, the cluster.

    Not root: ourselves. Root: the cluster's owner, else the data folder's owner, so that
    a folder stays usable for the ordinary user it belongs to; else a user named copq,
    created on first use. Raises EmbeddedPostgresError where none can be had.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if cluster.exists():
        return _owner(cluster)
    owner = _owner(folder)
    return owner if owner.uid != 0 and _has_name(owner.uid) else _dedicated()


def _owner(path: Path) -> Account:
    status = path.stat()
    return Account(status.st_uid, status.st_gid)


def _has_name(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def _dedicated() -> Account:
    try:
        entry = pwd.getpwnam(DEDICATED_USER)
    except KeyError:
        _create_dedicated()
        entry = pwd.getpwnam(DEDICATED_USER)
    return Account(entry.pw_uid, entry.pw_gid)


def _create_dedicated() -> None:
    command = ["useradd", "--system", "--user-group", "--no-create-home", DEDICATED_USER]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedPostgresError(
            "Postgres refuses to run as root and no user could be created for it "
            f"({error}); run copq as an ordinary user or create a user named {DEDICATED_USER}"
        ) from error
