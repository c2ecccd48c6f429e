"""Reading the file of `--sign-in`: YAML in, a checked configuration out, faults with places."""

import os
import ssl
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from copq.process.system_errors import plainly
from copq.schemas.refusal import nearest
from copq.sign_in.config import Grant, SignInConfig
from copq.text.yaml_scalars import load_scalars


class SignInConfigError(ValueError):
    """The file is refused as a whole; `faults` has a sentence for each thing to correct."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_config(path: Path) -> SignInConfig:
    """The configuration in a file. Raises `SignInConfigError` with all faults, `OSError`."""
    found = parse_config(path.read_text(encoding="utf-8"))
    placed = {
        name: None if file is None else path.parent / file
        for name, file in (("ca", found.ca), ("client_secret_file", found.client_secret_file))
    }
    return found.model_copy(update=placed)


def parse_config(text: str) -> SignInConfig:
    """As `read_config`, from text. Scalars are read as they are written."""
    try:
        data = load_scalars(text)
    except yaml.YAMLError as error:
        raise SignInConfigError([f"is not YAML: {error}"]) from None
    if not isinstance(data, dict):
        raise SignInConfigError(["is empty: it has issuer, client_id, addresses, grants, …"])
    try:
        return SignInConfig.model_validate(data)
    except ValidationError as error:
        raise SignInConfigError([_fault(each) for each in error.errors()]) from None


def client_secret(config: SignInConfig) -> str | None:
    """The secret, if there is one. Raises `SignInConfigError` if its source is missing."""
    if config.client_secret_env is not None:
        if not os.environ.get(config.client_secret_env):
            raise SignInConfigError([f"client_secret_env: {config.client_secret_env} is not set"])
        return os.environ[config.client_secret_env]
    if config.client_secret_file is not None:
        try:
            return config.client_secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SignInConfigError([f"client_secret_file: {plainly(error)}"]) from None
    return None


def trust(config: SignInConfig) -> ssl.SSLContext:
    """Whom the provider's certificate must come from. Raises `SignInConfigError`."""
    try:
        return ssl.create_default_context(cafile=config.ca)
    except (OSError, ssl.SSLError) as error:
        raise SignInConfigError([f"ca: {plainly(error)}"]) from None


def _fault(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{where}: is not a name here{nearest(str(error['loc'][-1]), _NAMES)}"
    said = error["msg"].removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


_NAMES = {*SignInConfig.model_fields, *Grant.model_fields, "is"} - {"is_"}
