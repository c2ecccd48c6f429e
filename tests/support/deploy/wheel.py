"""The package as it is released: a wheel in an environment that knows no checkout."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]
PACKAGES = ("copq",)


def build(folder: Path) -> Path:
    """The wheel, made as the container image makes it."""
    command = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    _pip(*command, f"--wheel-dir={folder}", str(ROOT))
    [wheel] = folder.glob("copq-*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """Into a new environment, with this one's third-party packages; answers its `copq`.

    A line in a .pth file adds a folder, and does not read the .pth files in it: the editable
    install of the checkout stays unseen.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    _pip(
        f"--python={folder / 'bin' / 'python'}", "install", "--quiet", "--no-deps", "--no-index",
        str(wheel),
    )  # fmt: skip
    [site] = folder.glob("lib/python*/site-packages")
    (site / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "copq"


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
