"""The schedule of packs: which are due when, and how they are sent. From YAML, with all faults."""

import os
import re
import ssl
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from copq.process.loopback import is_loopback
from copq.process.system_errors import plainly
from copq.text.yaml_scalars import load_scalars

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Address = Annotated[
    str, StringConstraints(pattern=r"^[^@\s<>,;:\"]+@[^@\s<>,;:\"]+$", max_length=254)
]
Kind = Literal["pdf", "xlsx"]
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class ScheduleError(ValueError):
    """The file is not a schedule; the message has all faults."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mail(_Part):
    """A server for mail, and who sends. The password is in the environment or in a file."""

    host: str = Field(min_length=1)
    port: int | None = Field(None, gt=0, lt=65536)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: Address = Field(alias="from")
    username: str | None = None
    password_env: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    timeout_seconds: int = Field(30, ge=1, le=60)

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError(
                "security: none sends packs in the clear; use starttls or tls, or a server on "
                "this machine"
            )
        if self.password_env and self.password_file:
            raise ValueError("password_env: or password_file, not both")
        if (self.username is None) != (self.password_env is None and self.password_file is None):
            raise ValueError("username: goes with password_env or password_file")
        return self

    @property
    def reached_at(self) -> int:
        """The port."""
        return self.port or _PORTS[self.security]

    def password(self) -> str | None:
        """Read each time, so that it may change. Raises `ScheduleError` if it is not there."""
        if self.password_env is not None:
            if self.password_env not in os.environ:
                raise ScheduleError(f"password_env: {self.password_env} is not set")
            return os.environ[self.password_env]
        if self.password_file is None:
            return None
        try:
            return self.password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ScheduleError(f"password_file: {plainly(error)}") from None

    def tls(self) -> ssl.SSLContext:
        """Raises `ScheduleError` on a file that holds no authority."""
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ScheduleError(f"ca_file: {plainly(error)}") from None


class Delivery(_Part):
    """Packs of the month before, from a day and time on; without `plants`, of all plants.

    With `signed_only` a month waits until finance has closed it.
    """

    name: Name
    plants: tuple[str, ...] = ()
    day: int = Field(ge=1, le=28)
    at: time = time(6)
    signed_only: bool = False
    files: tuple[Kind, ...] = ("pdf", "xlsx")
    to: tuple[Address, ...] = ()
    folder: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _written_time(cls, data: Any) -> Any:
        if isinstance(data, dict) and not _TIME.fullmatch(str(data.get("at", "06:00"))):
            raise ValueError(f'at: "{data["at"]}" is not a time such as 07:30')
        return data

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if not self.to and self.folder is None:
            raise ValueError("to: name recipients, or a folder")
        if not self.files:
            raise ValueError("files: name pdf, xlsx, or both")
        return self

    @property
    def ways(self) -> tuple[str, ...]:
        return (*(["mail"] if self.to else []), *(["folder"] if self.folder else []))


class Schedule(_Part):
    """A whole file. `fonts` is a folder of fonts for scripts that ours lack."""

    packs: tuple[Delivery, ...] = Field(min_length=1)
    mail: Mail | None = None
    fonts: Path | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = [one.name for one in self.packs]
        if len(set(names)) < len(names):
            raise ValueError("packs: each needs a name of its own")
        if self.mail is None and any(one.to for one in self.packs):
            raise ValueError("mail: name the server that sends to the recipients")
        return self


def read_schedule(path: Path) -> Schedule:
    """The schedule of a YAML file; its paths are from the file's folder.

    Raises `ScheduleError` with all faults, `OSError`.
    """
    found = parse_schedule(path.read_text(encoding="utf-8"))

    def placed(name: Path | None) -> Path | None:
        return name and path.parent / name

    packs = tuple(one.model_copy(update={"folder": placed(one.folder)}) for one in found.packs)
    mail = found.mail and found.mail.model_copy(
        update={
            "password_file": placed(found.mail.password_file), "ca_file": placed(found.mail.ca_file)
        }
    )  # fmt: skip
    return found.model_copy(update={"packs": packs, "mail": mail, "fonts": placed(found.fonts)})


def parse_schedule(text: str) -> Schedule:
    """As `read_schedule`, from text."""
    try:
        data = load_scalars(text)
    except yaml.YAMLError as error:
        raise ScheduleError(f"is not YAML: {error}") from None
    if not isinstance(data, dict):
        raise ScheduleError("is empty: it has packs, and mail where packs are mailed")
    try:
        return Schedule.model_validate(data)
    except ValidationError as error:
        raise ScheduleError("; ".join(map(_fault, error.errors()))) from None


def _fault(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{where}: is not a name here"
    said = error["msg"].removeprefix("Value error, ")
    return f"{where}: {said}" if where else said
