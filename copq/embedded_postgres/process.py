"""The running server of a cluster: is there one, start it, stop it."""

import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil

from copq.embedded_postgres.account import EmbeddedPostgresError
from copq.embedded_postgres.cluster import PORT, Cluster

ACCEPTING, SILENT = 0, 2  # what pg_isready exits with; 1 is starting up or shutting down
POLL_S = 0.2
# Replaying the log after a crash takes as long as it takes: give it minutes.
READY_WITHIN_S = 900
STOPPED_WITHIN_S = 60
# What a killed server left behind may hold its memory for a moment.
LAUNCHES = 4
RELAUNCH_AFTER_S = 1.0
LOG_END = 2000


def ensure_running(cluster: Cluster, socket_folder: Path) -> None:
    """Start the cluster's server, or wait for the one there is, until it takes connections.

    Recovers from a server or starter that was killed at any point. Raises
    EmbeddedPostgresError, with the end of the server's log, when it does not come up.
    """
    deadline = time.monotonic() + READY_WITHIN_S
    launches = 0
    while (answer := _answer(cluster, socket_folder)) != ACCEPTING:
        if launches == LAUNCHES or time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"Postgres does not start; its log:\n{_log_end(cluster)}")
        if answer == SILENT and _postmaster(cluster) is None:
            time.sleep(RELAUNCH_AFTER_S if launches else 0)
            _launch(cluster)
            launches += 1
        else:
            time.sleep(POLL_S)


def is_running(cluster: Cluster) -> bool:
    """Whether the cluster has a live server, in any state."""
    return _postmaster(cluster) is not None


def stop(cluster: Cluster) -> None:
    """Shut the server down, open connections or not; a no-op when none runs.

    One that will not go within a minute is stopped without its last checkpoint: the next
    start then replays the log, and nothing committed is lost.
    """
    for mode in ("fast", "immediate"):
        if _postmaster(cluster) is not None:
            _control(cluster, "stop", f"--mode={mode}", f"--timeout={STOPPED_WITHIN_S}")


def stop_launched(cluster: Cluster) -> None:
    """As `stop`, of a server that may be so new that its lock file is not written yet."""
    deadline = time.monotonic() + STOPPED_WITHIN_S
    while any(_launches(process, cluster) for process in psutil.process_iter()):
        stop(cluster)
        if time.monotonic() > deadline:
            return
        time.sleep(POLL_S / 4)


def _launches(process: psutil.Process, cluster: Cluster) -> bool:
    """Whether the process is the cluster's server, or starts it: pg_ctl, or its shell."""
    try:
        words = " ".join(process.cmdline()[:3])
    except psutil.Error:
        return False
    return "postgres" in words and _is_in_folder(process, cluster)


def _launch(cluster: Cluster) -> None:
    _end_orphans(cluster)
    for name in ("postmaster.pid", f".s.PGSQL.{PORT}.lock"):
        _remove_stale_lock(cluster.folder / name)
    _control(cluster, "start", f"--timeout={READY_WITHIN_S}", f"--log={cluster.log.name}")


def _control(cluster: Cluster, *words: str) -> None:
    # From inside the folder and with relative names, because pg_ctl hands names to a shell
    # without quoting. Its exit status is not asked: the server's own answer decides.
    program = cluster.program("pg_ctl")
    cluster.account.run(program, *words, "--wait", "--silent", "--pgdata=.", inside=cluster.folder)


def _answer(cluster: Cluster, socket_folder: Path) -> int:
    program = cluster.program("pg_isready")
    asked = ("-q", "-U", "postgres", "-h", socket_folder, "-p", str(PORT))
    return subprocess.run((program, *asked), check=False).returncode


def _postmaster(cluster: Cluster) -> psutil.Process | None:
    """The live postmaster named in the cluster's lock file.

    The number may now belong to a zombie or to another program. Raises `OSError` if the process
    cannot be looked up, for lack of open files or memory.
    """
    try:
        process = psutil.Process(_pid_in(cluster.folder / "postmaster.pid"))
    except (FileNotFoundError, ValueError, psutil.Error):
        return None
    return process if _is_in_folder(process, cluster) else None


def _is_in_folder(process: psutil.Process, cluster: Cluster) -> bool:
    """Whether the process works in the cluster's folder, as all its server's processes do."""
    try:
        return Path(process.cwd()).samefile(cluster.folder)
    except (FileNotFoundError, PermissionError, psutil.Error):
        return False


def _end_orphans(cluster: Cluster) -> None:
    """Kill the processes that outlived a killed postmaster; call it when none lives.

    A backend busy with a long statement runs on unaware, and no server starts next to it.
    """
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "postgres" and _is_in_folder(process, cluster):
            with suppress(psutil.Error):
                process.kill()


def _remove_stale_lock(lock: Path) -> None:
    """Remove a lock file whose process number now belongs to another process.

    Postgres itself takes over a dead process's lock, but refuses to start while any
    process of its user has that number: common after a container restart.
    """
    try:
        if psutil.pid_exists(_pid_in(lock)):
            lock.unlink()
    except (OSError, ValueError):
        return


def _pid_in(lock: Path) -> int:
    return int(lock.read_text().split("\n")[0])


def _log_end(cluster: Cluster) -> str:
    try:
        return cluster.log.read_text(errors="replace")[-LOG_END:]
    except OSError as error:
        return f"(no log: {error})"
