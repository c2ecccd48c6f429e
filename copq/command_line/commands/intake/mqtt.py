"""`copq mqtt check`: the content of a configuration, and the events of messages."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from copq.command_line.exits import Exit
from copq.command_line.options import JsonOption
from copq.command_line.terminal import cannot, fail, out, print_json, refuse, table

if TYPE_CHECKING:
    from copq.ingest.mqtt.config import MqttConfig
    from copq.ingest.mqtt.service import MqttSource
    from copq.ingest.mqtt.translate import Translated

app = typer.Typer(help="Reading an MQTT broker: check a configuration before it is used.")


@app.callback()
def _subject() -> None:
    """Keeps `check` a command of its own while it is the only one."""


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The configuration, as for copq up --mqtt.")],
    topic: Annotated[str | None, typer.Option(help="A message's topic …")] = None,
    payload: Annotated[
        str | None, typer.Option(help="… and payload; @FILE reads it from a file, - from stdin.")
    ] = None,
    recorded: Annotated[
        Path | None,
        typer.Option(help='Messages as `mosquitto_sub -F \'{"topic":"%t","hex":"%x"}\'`.'),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a configuration; with messages print the events that they would become.

    Nothing is connected to, and nothing is stored. Ends with 1 if a message or an event is
    refused.

    Example: copq mqtt check examples/mqtt/sensors.yaml --topic plant/north/line/L1/quality
    --payload '{"event_type": "scrap", "occurred_at": "2026-03-02T06:30:00+01:00",
    "product": "widget", "quantity": 3}'
    """
    config = read_or_fail(file)
    messages = list(_messages(topic, payload, recorded))
    if not messages:
        _show_config(config)
        return
    results = [_result(found) for found in _dry_run(config, messages)]
    if as_json:
        print_json(results)
    else:
        for result in results:
            _show_result(result)
    if any(r["outcome"] == "refused" or r["refused"] for r in results):
        raise typer.Exit(Exit.NO)


def mqtt_source(file: Path | None, folder: Path) -> "MqttSource | None":
    """The source of `--mqtt`. Ends the command if its file has faults or a secret is missing."""
    from copq.ingest.mqtt.config_file import password, tls_context
    from copq.ingest.mqtt.faults import MqttConfigError
    from copq.ingest.mqtt.service import MqttSource

    if file is None:
        return None
    config = read_or_fail(file)
    try:
        password(config)
        tls_context(config)
    except MqttConfigError as error:
        fail(f"{file}: {error}")
    return MqttSource(config, folder)


def read_or_fail(file: Path) -> "MqttConfig":
    from copq.ingest.mqtt.config_file import read_config
    from copq.ingest.mqtt.faults import MqttConfigError

    try:
        return read_config(file)
    except MqttConfigError as error:
        refuse(f"{file} is refused", error.faults)
    except (OSError, UnicodeDecodeError) as error:
        cannot("read", file, error)


def _messages(
    topic: str | None, payload: str | None, recorded: Path | None
) -> Iterator[tuple[str, bytes]]:
    if (topic is None) != (payload is None):
        fail("--topic and --payload belong together")
    try:
        if topic is not None and payload is not None:
            yield topic, _payload(payload)
        if recorded is not None:
            yield from map(recorded_message, recorded.read_bytes().splitlines())
    except OSError as error:
        cannot("read", recorded or "the payload", error)
    except (msgspec.DecodeError, KeyError, ValueError) as error:
        fail(f"{recorded}: a line is not a recorded message: {error}")


def _payload(text: str) -> bytes:
    if text == "-":
        return sys.stdin.buffer.read()
    return Path(text[1:]).read_bytes() if text.startswith("@") else text.encode()


def recorded_message(line: bytes) -> tuple[str, bytes]:
    """Topic and payload of a line: `hex` holds any, `payload` is text, or JSON as it stands."""
    said = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    topic = msgspec.json.decode(said["topic"], type=str)
    if "hex" in said:
        return topic, bytes.fromhex(msgspec.json.decode(said["hex"], type=str))
    raw = bytes(said["payload"])
    return topic, msgspec.json.decode(raw, type=str).encode() if raw.startswith(b'"') else raw


def _dry_run(config: "MqttConfig", messages: list[tuple[str, bytes]]) -> "Iterator[Translated]":
    """Translate the messages in order; each sees the state that earlier ones left."""
    from copq.ingest.mqtt.memory import Memory
    from copq.ingest.mqtt.translate import Translator

    translator = Translator(config, Memory())
    return (translator.translate(topic, payload) for topic, payload in messages)


def _result(found: "Translated") -> dict[str, Any]:
    from datetime import UTC, datetime

    from copq.access.sender import ANYONE
    from copq.ingest.check import check as check_event
    from copq.schemas.refusal import Refused

    refused = []
    for raw in found.read.events:
        try:
            check_event(raw, datetime.now(UTC), ANYONE)
        except Refused as why:
            refused.append(msgspec.structs.asdict(_RefusalJson.of(why.refusal)))
    refused += [msgspec.structs.asdict(_RefusalJson.of(part.refusal)) for part in found.refused]
    remarks = [*found.read.remarks, *(f"{code}: {text}" for code, text in found.read.uncounted)]
    return {
        "topic": found.topic, "format": found.format, "outcome": found.outcome,
        "events": [msgspec.json.decode(raw) for raw in found.read.events],
        "refused": refused, "remarks": remarks,
        "asks": [command.topic for command in found.read.commands],
    }  # fmt: skip


class _RefusalJson(msgspec.Struct):
    code: str
    field: str
    message: str

    @classmethod
    def of(cls, refusal: Any) -> "_RefusalJson":
        return cls(refusal.code, refusal.field, refusal.message)


def _show_result(result: dict[str, Any]) -> None:
    out.print(f"{result['topic']}  [{result['format']}] {result['outcome']}", markup=False)
    for event in result["events"]:
        out.print("  " + msgspec.json.encode(event).decode(), markup=False, soft_wrap=True)
    for why in result["refused"]:
        out.print(f"  refused: {why['code']}: {why['message']}", markup=False, soft_wrap=True)
    for remark in result["remarks"]:
        out.print(f"  remark: {remark}", markup=False, soft_wrap=True)


def _show_config(config: "MqttConfig") -> None:
    broker = config.broker
    how = "TLS" if broker.encrypted else "in the clear"
    out.print(f"{broker.host}:{broker.port} ({how}), MQTT {config.version}, as {config.client_id}")
    rows = [(s.format, s.topic, s.pattern.filter) for s in config.subscriptions]
    table("Subscriptions", ["format", "topic", "filter at the broker"], rows, left=3)
    out.print("Give --topic and --payload, or --recorded, to see what messages would become.")
