"""The chart, rendered by Helm itself."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parents[4]
CHART = ROOT / "deploy" / "kubernetes" / "copq"
JARS = ROOT / "build" / "helm"
RENDER = Path(__file__).with_name("Render.java")

HOOK, NO_HOOK = "helm.sh/hook", "test.copq/no-hook"
Manifest = dict[str, Any]


@dataclass(frozen=True)
class Release:
    """What one set of values makes: manifests, or Helm's word why there are none."""

    manifests: list[Manifest]
    refused: str | None = None

    def of_kind(self, *kinds: str) -> list[Manifest]:
        return [found for found in self.manifests if found["kind"] in kinds]

    def named(self, kind: str, name: str) -> Manifest:
        [found] = [m for m in self.of_kind(kind) if m["metadata"]["name"] == name]
        return found

    def workloads(self) -> list[Manifest]:
        return self.of_kind("Deployment", "StatefulSet", "Job")


def render(folder: Path, *values: Path) -> list[Release]:
    """A release for each file of values. The chart passes `helm lint --strict`."""
    if not list(JARS.glob("*.jar")):
        raise FileNotFoundError(f"no Helm in {JARS}; run: make helm")
    outputs = [folder / f"{number}.yaml" for number in range(len(values))]
    chart = _with_hooks_as_manifests(folder / "chart")
    pairs = [str(path) for pair in zip(values, outputs, strict=True) for path in pair]
    command = ["java", "-cp", f"{JARS}/*", str(RENDER), str(chart), *pairs]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr + done.stdout
    return [_release(output.read_text()) for output in outputs]


def _release(text: str) -> Release:
    if text.startswith("refused: "):
        return Release([], text)
    return Release([m for m in yaml.safe_load_all(text.replace(NO_HOOK, HOOK)) if m])


def _with_hooks_as_manifests(folder: Path) -> Path:
    """As a library, Helm keeps hooks to itself: here they are manifests as the others."""
    shutil.copytree(CHART, folder)
    for template in folder.glob("templates/*.yaml"):
        template.write_text(template.read_text().replace(HOOK, NO_HOOK))
    return folder


def pod(workload: Manifest) -> Manifest:
    """Its pod's spec."""
    found: Manifest = workload["spec"]["template"]["spec"]
    return found
