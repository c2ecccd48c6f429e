"""THIRD_PARTY_NOTICES.md lists every file that comes from somebody else, and the licence ships."""

import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
NOTICES = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
LISTED = set(re.findall(r"`([\w.-]+(?:/[\w.-]+)+)`", NOTICES)) - {"mcfitzgerald/ontology-project"}
OUTSIDE = re.compile(
    r"(^|/)vendor/|\.(woff2?|ttf|otf|eot|ico|min\.js|min\.css|csv|gz|ndjson|parquet|xlsx)$"
    r"|^tests/cases/.*\.json$|^tests/support/deploy/schemas/.*\.json$"
)
"""Places and kinds of files that are somebody else's, or data whose origin must be told."""
BANNER = re.compile(rb"Copyright \(c\)|Copyright \d{4}|@license|^/\*!", re.MULTILINE)
OURS = {"LICENSE", "THIRD_PARTY_NOTICES.md", "tests/support/deploy/schemas/README.md"}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CHART = yaml.safe_load((ROOT / "deploy/kubernetes/copq/Chart.yaml").read_text())


def tracked() -> list[str]:
    command = ["git", "ls-files", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def _needs_a_notice(name: str) -> bool:
    if OUTSIDE.search(name):
        return True
    text = (ROOT / name).read_bytes()
    minified = name.endswith((".js", ".css")) and max(map(len, text.splitlines()), default=0) > 1000
    return minified or (b"\0" not in text and BANNER.search(text) is not None)


def test_every_vendored_file_and_every_data_file_is_listed() -> None:
    needed = {name for name in tracked() if name not in OURS and _needs_a_notice(name)}
    assert needed - LISTED == set(), (
        "Add a row to THIRD_PARTY_NOTICES.md: the file, its origin and its licence."
    )


def test_every_listed_file_exists() -> None:
    assert sorted(name for name in LISTED if not (ROOT / name).is_file()) == []


@pytest.mark.parametrize(
    ("name", "vendored"),
    [
        ("copq/reporting/board/static/vendor/uplot.js", True),
        ("copq/reporting/board/static/board.css", False),
        ("tests/support/deploy/schemas/LICENSE", True),
        ("examples/currencies/krona.csv", True),
    ],
)
def test_vendored_files_are_recognised(name: str, vendored: bool) -> None:
    assert _needs_a_notice(name) is vendored


def test_the_licence_is_named_wherever_copq_is_packaged() -> None:
    assert PYPROJECT["license"] == "Apache-2.0"
    for file in PYPROJECT["license-files"]:
        assert (ROOT / file).is_file() and f"!{file}" in (ROOT / ".dockerignore").read_text()
    dockerfile = (ROOT / "deploy/container/Dockerfile").read_text()
    assert 'org.opencontainers.image.licenses="Apache-2.0"' in dockerfile
    assert CHART["annotations"]["org.opencontainers.image.licenses"] == "Apache-2.0"


def test_one_version_everywhere() -> None:
    number = PYPROJECT["version"]
    assert (CHART["version"], CHART["appVersion"]) == (number, number)
    assert version("copq") == number
    assert f"ARG VERSION={number}\n" in (ROOT / "deploy/container/Dockerfile").read_text()
    assert f"${{COPQ_VERSION:-{number}}}" in (ROOT / "docker-compose.yml").read_text()
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d+\.\d+\.\d+)", changelog, re.MULTILINE)[:1] == [number]
