"""docker-compose.yml: by its specification, by Docker where it is, and for what we promise."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tests.support.deploy.command_lines import parse

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docker-compose.yml"
TEXT = FILE.read_text()
STACK: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = STACK["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
EXAMPLE = (ROOT / ".env.example").read_text()
SETTINGS = dict(re.findall(r"^(\w+)=(.*)$", EXAMPLE, re.MULTILINE))
each_service = pytest.mark.parametrize("name", SERVICES)


def test_it_is_what_the_specification_says() -> None:
    schema = json.loads((ROOT / "tests/support/deploy/schemas/compose.json").read_text())
    validator = Draft7Validator(schema)
    assert [f"{e.json_path}: {e.message}" for e in validator.iter_errors(STACK)] == []
    misspelt = STACK | {"services": {"kafka": {**SERVICES["kafka"], "imgae": "x"}}}
    assert not validator.is_valid(misspelt)


def test_docker_compose_takes_it() -> None:
    if not _compose("version"):
        pytest.skip("no docker compose here")
    arguments = (f"--env-file={ROOT / '.env.example'}", f"--file={FILE}", "--profile=*")
    said = _compose(*arguments, "config", "--quiet")
    assert said and said.returncode == 0, said and said.stderr


def _compose(*arguments: str) -> subprocess.CompletedProcess[str] | None:
    """None where there is no client with Compose."""
    try:
        done = subprocess.run(["docker", "compose", *arguments], capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return None if "unknown command" in done.stderr else done


def test_every_setting_is_in_the_example() -> None:
    wanted = set(re.findall(r"(?<!\$)\$\{(\w+):\?", TEXT))
    assert wanted and wanted == set(SETTINGS)


@each_service
def test_a_service_is_contained(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert set(service["deploy"]["resources"]["limits"]) >= {"cpus", "memory"}
    assert name in OURS or str(service["user"]).split(":")[0] not in ("", "0", "root")


@each_service
def test_an_image_is_pinned_by_its_version(name: str) -> None:
    image = re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", SERVICES[name]["image"])
    assert re.search(r":v?\d+\.\d+", image), image


@each_service
def test_ports_are_open_on_this_machine_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@each_service
def test_what_is_waited_for_can_come_true(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        awaited = SERVICES[other]
        if how["condition"] == "service_healthy":
            assert awaited["healthcheck"].get("test")
        else:
            assert how["condition"] == "service_completed_successfully"
            assert awaited["restart"] != "unless-stopped"


@each_service
def test_what_is_mounted_is_in_the_repository(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source = _filled_in(volume).split(":")[0]
        if source == "/dev/null":
            continue  # a file that a setting names
        assert (ROOT / source).exists() if source.startswith(".") else source in STACK["volumes"]


def _filled_in(value: str) -> str:
    """A setting by its default, or a word where it has to be given."""
    by_default = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
    return re.sub(r"\$\{[^}]*\}", "x", by_default)


@pytest.mark.parametrize("name", [name for name in OURS if name != "copq"])
def test_our_services_are_commands_that_there_are(name: str) -> None:
    told = {key: _filled_in(value)
            for key, value in OURS[name]["environment"].items()}  # fmt: skip
    parse(OURS[name]["command"], told)


def test_the_folder_of_packs_belongs_to_the_user_of_the_image() -> None:
    [folder] = [v.split(":")[1] for v in OURS["reporting"]["volumes"] if v.startswith("packs:")]
    image = (ROOT / "deploy" / "container" / "Dockerfile").read_text()
    assert f"--owner=copq --group=copq {folder}" in image
    told = OURS["reporting"]["environment"]["COPQ_PACK_SCHEDULE"]
    assert told == "${COPQ_PACK_FILE:+/etc/copq/packs.yaml}"
    assert "${COPQ_PACK_FILE:-/dev/null}:/etc/copq/packs.yaml:ro" in OURS["reporting"]["volumes"]


def test_prometheus_asks_services_that_there_are() -> None:
    text = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text()
    asked = re.findall(r'targets: \["([\w-]+):(\d+)"', text)
    asked += re.findall(r"names: \[([\w-]+)\], type: A, port: (\d+)", text)
    ours = {"reporting", "ingest", "ingest-mqtt", "costing", "aggregator"}
    assert {host for host, _ in asked} == ours | {"alertmanager"}
    for host, port in asked:
        assert host not in ours or port == OURS[host]["environment"]["METRICS_PORT"]


@pytest.mark.parametrize("name", ["ingest", "ingest-mqtt", "costing", "aggregator"])
def test_traces_go_where_the_settings_say(name: str) -> None:
    told = OURS[name]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert told == "${OTEL_EXPORTER_OTLP_ENDPOINT:-}"
