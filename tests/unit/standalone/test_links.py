"""As root in folders that others prepared: nothing of root's is given away, changed or read."""

import logging
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from copq.embedded_postgres.account import Account, account_for, check_owners, make_folder
from copq.embedded_postgres.folder_lock import FolderLock
from copq.embedded_postgres.server import EmbeddedPostgres, EmbeddedPostgresError
from copq.ingest.files.arrivals import Arrivals
from copq.ingest.files.shelves import Shelves
from copq.process.whole_file import write_whole

STRANGER = pwd.getpwnam("nobody")
NOBODY = Account(STRANGER.pw_uid, STRANGER.pw_gid)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[Path]:
    """A file that must stay as it is."""
    path = tmp_path / "secret"
    path.write_text("root's own")
    before = path.stat()
    yield path
    after = path.stat()
    assert (after.st_uid, after.st_mode) == (before.st_uid, before.st_mode)
    assert path.read_text() == "root's own"


@as_root
@pytest.mark.parametrize("name", ["postgres.turn", "postgres.use", "postgres"])
@pytest.mark.parametrize("owner", [0, NOBODY.uid])
def test_a_link_in_the_data_folder_is_refused(
    tmp_path: Path, secret: Path, name: str, owner: int
) -> None:
    (data := tmp_path / "data").mkdir()
    (data / name).symlink_to(secret)
    os.chown(data / name, owner, owner, follow_symlinks=False)
    says = "symbolic link" if owner == 0 else "belongs to user nobody"
    with pytest.raises(EmbeddedPostgresError, match=says):
        EmbeddedPostgres(data).start()


@as_root
@pytest.mark.parametrize("owned", ["data", "data/postgres", "data/anything", ""])
def test_a_folder_of_another_user_is_refused(tmp_path: Path, owned: str) -> None:
    (tmp_path / "data" / "postgres").mkdir(parents=True)
    (tmp_path / "data" / "anything").touch()
    os.chown(tmp_path / owned, NOBODY.uid, NOBODY.gid)
    with pytest.raises(EmbeddedPostgresError, match=r"belongs to user nobody.*sudo -u nobody copq"):
        EmbeddedPostgres(tmp_path / "data").start()


@as_root
def test_nothing_is_made_in_a_folder_of_another_user(tmp_path: Path) -> None:
    (home := tmp_path / "home").mkdir()
    os.chown(home, NOBODY.uid, NOBODY.gid)
    (tmp_path / "short").symlink_to(home)
    for folder in (home / "data", tmp_path / "short" / "data"):
        with pytest.raises(EmbeddedPostgresError, match="home belongs to user nobody"):
            EmbeddedPostgres(folder).start()
    assert list(home.iterdir()) == []


@as_root
def test_a_folder_that_everybody_may_write_to_is_refused(tmp_path: Path) -> None:
    (shared := tmp_path / "shared").mkdir()
    shared.chmod(0o777)
    with pytest.raises(EmbeddedPostgresError, match="everybody may write"):
        check_owners(shared / "data")
    shared.chmod(0o1777)
    check_owners(shared / "data")


@as_root
def test_a_lock_follows_no_link_and_takes_no_strangers_file(tmp_path: Path, secret: Path) -> None:
    (tmp_path / "soft").symlink_to(secret)
    with pytest.raises(OSError, match="symbolic link"):
        FolderLock(tmp_path / "soft", NOBODY)
    (tmp_path / "dangling").symlink_to(tmp_path / "made")
    with pytest.raises(OSError, match="symbolic link"):
        FolderLock(tmp_path / "dangling", NOBODY)
    assert not (tmp_path / "made").exists()
    (tmp_path / "hard").hardlink_to(secret)
    with pytest.raises(EmbeddedPostgresError, match="hard link"):
        FolderLock(tmp_path / "hard", NOBODY)
    (tmp_path / "other").touch()
    os.chown(tmp_path / "other", 12345, 12345)
    with pytest.raises(EmbeddedPostgresError, match="#12345"):
        FolderLock(tmp_path / "other", NOBODY)
    with FolderLock(tmp_path / "own", NOBODY):
        assert (tmp_path / "own").stat().st_uid == NOBODY.uid


@pytest.fixture
def copq(tmp_path: Path) -> Account:
    return account_for(tmp_path / "none")


@as_root
def test_a_folder_that_is_roots_alone_lets_the_servers_group_pass_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, copq: Account
) -> None:
    (closed := tmp_path / "closed").mkdir(mode=0o700)
    (inner := closed / "inner").mkdir(mode=0o755)
    with caplog.at_level(logging.WARNING):
        copq.ensure_reach(inner)
    assert f"{closed} was root's alone; user {copq.name} may now pass through it" in caplog.text
    assert f"chmod g-x {closed}" in caplog.text
    found = closed.stat()
    assert (found.st_mode & 0o777, found.st_uid, found.st_gid) == (0o710, 0, copq.gid)
    assert NOBODY.run("test", "-x", inner).returncode != 0
    caplog.clear()
    copq.ensure_reach(inner)
    assert caplog.text == ""


@as_root
@pytest.mark.parametrize(
    ("owner", "mode"), [(12345, 0o700), (0, 0o750), (0, 0o770), (0, 0o704), (0, 0o702)]
)
def test_no_other_folder_above_is_changed(
    tmp_path: Path, copq: Account, owner: int, mode: int
) -> None:
    (closed := tmp_path / "closed").mkdir()
    (inner := closed / "inner").mkdir(mode=0o755)
    closed.chmod(mode)
    os.chown(closed, owner, 0)
    with pytest.raises(EmbeddedPostgresError, match=f"setfacl -m u:{copq.name}:x {closed}"):
        copq.ensure_reach(inner)
    found = closed.stat()
    assert (found.st_mode & 0o777, found.st_uid, found.st_gid) == (mode, owner, 0)


@as_root
@pytest.mark.parametrize("umask", [0o077, 0o027, 0o022])
def test_folders_that_copq_makes_can_be_passed_whatever_the_umask(
    tmp_path: Path, copq: Account, umask: int, caplog: pytest.LogCaptureFixture
) -> None:
    copq.ensure_reach(tmp_path)
    caplog.clear()
    before = os.umask(umask)
    try:
        make_folder(tmp_path / "a" / "data")
    finally:
        os.umask(before)
    copq.ensure_reach(tmp_path / "a" / "data")
    assert caplog.text == ""


def test_a_watched_folder_takes_no_link(tmp_path: Path, secret: Path) -> None:
    (watched := tmp_path / "watched").mkdir()
    (watched / "link.csv").symlink_to(secret)
    (watched / "file.csv").write_text("a")
    arrivals = Arrivals(watched, 0)
    assert [path.name for path in arrivals.complete(0)] == ["file.csv"]


@pytest.mark.parametrize("shelf", ["done", "rejected"])
def test_a_shelf_that_is_a_link_is_refused(tmp_path: Path, shelf: str) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    (watched := tmp_path / "watched").mkdir()
    (watched / shelf).symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic link"):
        Shelves(watched)


def test_the_lock_and_the_reports_of_a_watched_folder_follow_no_link(
    tmp_path: Path, secret: Path
) -> None:
    (watched := tmp_path / "watched").mkdir()
    (watched / ".copq-watch.lock").symlink_to(tmp_path / "made")
    with pytest.raises(OSError, match="symbolic link"):
        Shelves(watched)
    assert not (tmp_path / "made").exists()
    (watched / f".report.{os.getpid()}.new").symlink_to(secret)
    (watched / "report").symlink_to(secret)
    write_whole(watched / "report", b"new")
    assert (watched / "report").read_bytes() == b"new" and not (watched / "report").is_symlink()
