"""Prometheus's rules as they are deployed."""

from pathlib import Path

ROOT = Path(__file__).parents[3]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = [PROMETHEUS / "recording.yml", PROMETHEUS / "alerts.yml"]
