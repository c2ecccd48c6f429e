"""Which system user Postgres runs as: it refuses to run as root."""

import grp
import logging
import os
import pwd
import stat
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEDICATED_USER = "copq"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ACL = "system.posix_acl_access"
"""With such a list the bits of the group are the limit of all its users and groups."""

log = logging.getLogger(__name__)


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

    def own(self, opened: int, path: Path) -> None:
        """As root, give an open file of root's to this account; otherwise it is ours already.

        Raises EmbeddedPostgresError where it is another user's, or has a second name somewhere.
        """
        if os.geteuid() != 0:
            return
        found = os.fstat(opened)
        if found.st_uid == self.uid:
            return
        if found.st_uid != 0:
            raise _foreign_owner_error(path, found.st_uid)
        if not stat.S_ISDIR(found.st_mode) and found.st_nlink != 1:
            raise EmbeddedPostgresError(
                f"{path} has a second name somewhere (a hard link): remove {path}"
            )
        os.fchown(opened, self.uid, self.gid)

    def own_folder(self, path: Path) -> None:
        """As `own`, for a folder. Raises OSError if it is a symbolic link."""
        opened = os.open(path, _FOLDER)
        try:
            self.own(opened, path)
        finally:
            os.close(opened)

    def ensure_reach(self, path: Path) -> None:
        """Make sure this account can enter `path`, a folder.

        As root this may let this account's group (nobody else) pass through folders above it that
        are root's alone, and warns of each. Raises EmbeddedPostgresError where that does not
        suffice: no other folder is changed.
        """
        if self._reaches(path):
            return
        for parent in reversed(path.parents):
            if not self._reaches(parent):
                self._let_pass(parent)
        if not self._reaches(path):
            raise EmbeddedPostgresError(
                f"user {self.name}, who runs the embedded Postgres, cannot enter {path}; "
                "run copq as an ordinary user or choose another folder"
            )

    @property
    def name(self) -> str:
        return _user_name(self.uid)

    def _reaches(self, path: Path) -> bool:
        return os.geteuid() != 0 or self.run("test", "-x", path).returncode == 0

    def _let_pass(self, folder: Path) -> None:
        """Let this account's group pass through a folder that only root may use, and say so."""
        opened = os.open(folder, _FOLDER)
        try:
            found = os.fstat(opened)
            if found.st_uid != 0 or found.st_mode & _OF_OTHERS or _has_list(opened):
                raise EmbeddedPostgresError(
                    f"user {self.name}, who runs the embedded Postgres, cannot pass through "
                    f"{folder}. Allow it: setfacl -m u:{self.name}:x {folder} (or, for all users, "
                    f"chmod o+x {folder}). Or use a folder that all users can reach, such as "
                    "/var/lib/copq, or run copq as an ordinary user"
                )
            os.fchown(opened, -1, self.gid)
            os.fchmod(opened, stat.S_IMODE(found.st_mode) | stat.S_IXGRP)
            log.warning(
                "%s was root's alone; user %s may now pass through it, without listing it, for the "
                "embedded Postgres does not run as root (chgrp %s, chmod g+x). To undo: chmod g-x "
                "%s, and choose another folder, such as /var/lib/copq",
                folder, self.name, _group_name(self.gid), folder,
            )  # fmt: skip
        finally:
            os.close(opened)


def make_folder(folder: Path) -> None:
    """Make it, with those above it that are missing; as root, so that other users can pass
    through these, whatever the umask says: the database in them is its own user's alone.
    """
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing if os.geteuid() == 0 else ():
        path.chmod(stat.S_IMODE(path.stat().st_mode) | stat.S_IXGRP | stat.S_IXOTH)


def check_owners(folder: Path) -> None:
    """As root: raise EmbeddedPostgresError unless the folder is safe from every other user.

    `folder` is resolved; it need not exist yet. Another user who owns it, a folder above it or
    something in it could lead root to a file elsewhere.
    """
    if os.geteuid() != 0:
        return
    trusted = _trusted_owners()
    for path in (folder, *folder.parents):
        if os.path.lexists(path):
            _check_owner(path, path.lstat(), trusted)
    if folder.is_dir():
        with os.scandir(folder) as entries:
            for entry in entries:
                _check_owner(Path(entry.path), entry.stat(follow_symlinks=False), trusted)


def _check_owner(path: Path, found: os.stat_result, trusted: frozenset[int]) -> None:
    if found.st_uid not in trusted:
        raise _foreign_owner_error(path, found.st_uid)
    if stat.S_ISLNK(found.st_mode):
        raise EmbeddedPostgresError(
            f"{path} is a symbolic link, which copq does not follow as root: put the folder "
            "itself there, or name its real place by --data"
        )
    shared = found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX
    if shared and stat.S_ISDIR(found.st_mode):
        raise EmbeddedPostgresError(
            f"everybody may write to {path}, and copq runs as root: chmod o-w {path}, or name "
            "another folder by --data"
        )


def _trusted_owners() -> frozenset[int]:
    try:
        return frozenset({0, pwd.getpwnam(DEDICATED_USER).pw_uid})
    except KeyError:
        return frozenset({0})


def _foreign_owner_error(path: Path, uid: int) -> EmbeddedPostgresError:
    name = _user_name(uid)
    return EmbeddedPostgresError(
        f"{path} belongs to user {name}, and copq runs as root: {name} could make it change other "
        f"files. Run copq as {name} (sudo -u {name} copq …), or name a folder of root by --data"
    )


def _has_list(opened: int) -> bool:
    """Whether a list of users (setfacl) says who may use the folder."""
    with suppress(OSError):  # a file system without such lists
        return _ACL in os.listxattr(opened)
    return False


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def account_for(cluster: Path) -> Account:
    """The account that owns, or is to own, the cluster.

    Not root: ourselves. Root: the cluster's owner, else a user named copq, created on first use.
    Raises EmbeddedPostgresError where none can be had.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if os.path.lexists(cluster):
        found = cluster.lstat()
        return Account(found.st_uid, found.st_gid)
    return _dedicated_account()


def _dedicated_account() -> Account:
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
