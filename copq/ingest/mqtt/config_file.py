"""Reading a configuration file: YAML in, a checked `MqttConfig` out, every fault with its place."""

import os
import ssl
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from copq.ingest.mqtt.config import MqttConfig
from copq.ingest.mqtt.faults import MqttConfigError
from copq.process.system_errors import plainly
from copq.schemas.refusal import nearest
from copq.text.yaml_scalars import load_scalars


def read_config(path: Path) -> MqttConfig:
    """The configuration in a YAML file. Raises `MqttConfigError` with all faults, `OSError`."""
    found = parse_config(path.read_text(encoding="utf-8"))
    tls = found.tls
    files = {
        name: None if file is None else path.parent / file
        for name, file in (("ca", tls.ca), ("cert", tls.cert), ("key", tls.key))
    }
    secret = found.password_file and path.parent / found.password_file
    placed = {"tls": tls.model_copy(update=files), "password_file": secret}
    return found.model_copy(update=placed)


def parse_config(text: str) -> MqttConfig:
    """As `read_config`, from text. Scalars are read as they are written."""
    try:
        data = load_scalars(text)
    except yaml.YAMLError as error:
        raise MqttConfigError([f"is not YAML: {error}"]) from None
    if not isinstance(data, dict):
        raise MqttConfigError(["is empty: it has broker, client_id, subscriptions, …"])
    try:
        return MqttConfig.model_validate(data)
    except ValidationError as error:
        raise MqttConfigError([_fault(e) for e in error.errors()]) from None


def password(config: MqttConfig) -> str | None:
    """The configured password, if any. Raises `MqttConfigError` if its source is missing."""
    if config.password_env is not None:
        if config.password_env not in os.environ:
            raise MqttConfigError([f"password_env: {config.password_env} is not set"])
        return os.environ[config.password_env]
    if config.password_file is not None:
        try:
            return config.password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise MqttConfigError([f"password_file: {plainly(error)}"]) from None
    return None


def tls_context(config: MqttConfig) -> ssl.SSLContext | None:
    """What the connection is encrypted with. Raises `MqttConfigError` on a file."""
    if not config.broker.encrypted:
        return None
    try:
        context = ssl.create_default_context(cafile=config.tls.ca)
        if config.tls.cert is not None:
            context.load_cert_chain(config.tls.cert, config.tls.key)
        return context
    except (OSError, ssl.SSLError) as error:
        raise MqttConfigError([f"tls: {plainly(error)}"]) from None


_FORMATS = ("copq", "umh", "sparkplug")


def _fault(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{where}: is not a name here{nearest(str(error['loc'][-1]), _names())}"
    if error["type"].startswith("union_tag"):
        return f"{where}: format is one of {', '.join(_FORMATS)}"
    said = error["msg"].removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


def _names() -> set[str]:
    schema = MqttConfig.model_json_schema()
    models = [schema, *schema["$defs"].values()]
    return {name for model in models for name in model.get("properties", {})}
