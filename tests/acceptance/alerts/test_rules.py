"""The shipped rules and configurations, by Prometheus' and Alertmanager's own tools."""

import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.support.alerts.rules import PROMETHEUS, ROOT, RULES
from tests.support.programs import program

RUNBOOKS = ROOT / "docs" / "runbooks"

pytestmark = pytest.mark.prometheus


def says(name: str, *words: object) -> str:
    command = [program(name), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_the_rules_fire_and_resolve_as_they_say() -> None:
    rules = ROOT / "tests/support/alerts/rules_test.yml"
    assert "SUCCESS" in says("promtool", "test", "rules", rules)


def test_the_configurations_are_valid() -> None:
    says("promtool", "check", "rules", *RULES)
    says("promtool", "check", "config", PROMETHEUS / "prometheus.yml")
    says("amtool", "check-config", ROOT / "deploy" / "alertmanager" / "alertmanager.yml")


def test_every_alert_has_a_test() -> None:
    tested = (ROOT / "tests/support/alerts/rules_test.yml").read_text()
    for alert in alerts():
        assert f"alertname: {alert['alert']}" in tested, alert["alert"]


def test_every_alert_has_a_severity_a_summary_and_a_runbook() -> None:
    for alert in alerts():
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert alert["annotations"]["summary"]
        url = alert["annotations"]["runbook_url"]
        assert url.rpartition("/")[2] == f"{alert['alert']}.md"


def test_every_runbook_belongs_to_an_alert_and_says_what_to_do() -> None:
    pages = {path.stem: path.read_text() for path in RUNBOOKS.glob("Copq*.md")}
    assert pages.keys() == {alert["alert"] for alert in alerts()}
    for name, text in pages.items():
        headings = re.findall(r"^## (.+)$", text, re.M)
        assert headings == ["What it means", "What to look at", "What to do"], name
        assert "```" in text, f"{name} shows no command"


def test_rules_ask_for_metrics_that_exist() -> None:
    known = set(re.findall(r"^\| `(copq_\w+)`", (ROOT / "docs" / "metrics.md").read_text(), re.M))
    for rules in (*RULES, *(ROOT / "deploy" / "prometheus").glob("*.yml")):
        for name in re.findall(r"\bcopq_[a-z_]+\b", rules.read_text()):
            assert name in known, f"{rules.name}: {name}"
