"""The examples of docs/ingest/mqtt.md: what is published becomes what stands below it."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from copq.command_line.command import app
from copq.ingest.mqtt.config_file import parse_config, read_config
from tests.support.faults.processes import until
from tests.support.ingest.mqtt.broker import Mosquitto
from tests.support.ingest.mqtt.listing import ListingIntake, reading
from tests.support.ingest.mqtt.recorded import EXAMPLES, config_of
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.mosquitto

DOCS = (Path(__file__).parents[4] / "docs" / "ingest" / "mqtt.md").read_text()
PAIRS = re.findall(r"```sh\n(mosquitto_pub .*?)```\s+```json\n(.*?)```", DOCS, re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(PAIRS) == 4


@pytest.mark.parametrize("number", range(4))
async def test_an_example_becomes_what_the_page_says(
    mosquitto: Mosquitto, number: int, tmp_path: Path
) -> None:
    command, wanted = PAIRS[number]
    name, intake = "sensors" if "plant/north" in command else "umh", ListingIntake()
    reach = {**os.environ, "HOME": str(tmp_path)}
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config" / "mosquitto_pub").write_text(f"-p {mosquitto.port}\n")
    async with reading(config_of(name, mosquitto, f"example-{number}"), intake):
        subprocess.run(["sh", "-c", command], check=True, env=reach, timeout=PATIENCE_S)
        await until(lambda: len(intake.events) == len(json.loads(wanted)), "its events are there")
    found = [{k: v for k, v in e.items() if k != "event_id"} for e in intake.events.values()]
    assert found == json.loads(wanted)


def test_the_page_shows_a_whole_configuration() -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
    assert parse_config(text).subscriptions


@pytest.mark.parametrize("name", ["sensors", "umh", "sparkplug", "production"])
def test_an_example_configuration_is_right(name: str) -> None:
    assert read_config(EXAMPLES / f"{name}.yaml").subscriptions


def _check(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["mqtt", "check", *arguments])


@pytest.mark.parametrize("name", ["umh", "sparkplug"])
def test_a_recording_can_be_tried_out_without_a_broker(name: str) -> None:
    config, messages = EXAMPLES / f"{name}.yaml", EXAMPLES / f"{name}.messages.ndjson"
    found = _check(str(config), "--recorded", str(messages), "--json")
    assert found.exit_code == 0
    assert {result["outcome"] for result in json.loads(found.stdout)} == {"events", "noted"}


def test_a_message_that_is_refused_ends_the_check_with_1() -> None:
    topic = "umh/v1/a/b/c/d/e/_analytics/x/y"
    found = _check(str(EXAMPLES / "umh.yaml"), "--topic", topic, "--payload", "{}")
    assert (found.exit_code, "unknown_message" in found.stdout) == (1, True)


def test_a_wrong_file_ends_the_check_with_2() -> None:
    assert _check(str(EXAMPLES / "rates.yaml")).exit_code == 2
