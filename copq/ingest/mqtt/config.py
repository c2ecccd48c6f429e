"""What a configuration file of the MQTT way in says. Declared, so that it can be reviewed."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from copq.ingest.mqtt.topic import FIELDS, TopicPattern
from copq.process.loopback import is_loopback
from copq.schemas.fields import Identifier


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _topic(text: str) -> str:
    TopicPattern(text)
    return text


def _constants(found: dict[str, str]) -> dict[str, str]:
    for name in found:
        if name not in FIELDS:
            raise ValueError(f'"{name}" is not a field of an event')
    return found


Topic = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_topic)]
Constants = Annotated[dict[str, Identifier], AfterValidator(_constants)]


class Subscribed(Part):
    topic: Topic
    constants: Constants = {}

    @property
    def pattern(self) -> TopicPattern:
        return TopicPattern(self.topic)

    def _needs(self, *names: str) -> None:
        for name in names:
            if name not in self.constants and name not in self.pattern.names:
                raise ValueError(f"{name}: name a level of the topic {{{name}}}, or set a constant")


class PlainSubscription(Subscribed):
    """Our own events, as JSON."""

    format: Literal["copq"]
    drop: tuple[str, ...] = Field((), description="Members that are not fields of the event.")


class Rejects(Part):
    """What a reject is: a defect at a stage, or scrap, which without a stage is as finished."""

    event_type: Literal["defect", "scrap"] = "scrap"
    stage: Identifier | None = None

    @model_validator(mode="after")
    def _defects_have_a_stage(self) -> Self:
        if self.event_type == "defect" and self.stage is None:
            raise ValueError("stage: is needed to price a defect")
        return self


StateMeaning = Literal["running", "stop", "planned"]


class UmhSubscription(Subscribed):
    """`_analytics` messages of the United Manufacturing Hub."""

    format: Literal["umh"]
    rejects: Rejects = Rejects()
    states: dict[Annotated[str, Field(pattern=r"^\d+(-\d+)?$")], StateMeaning] = Field(
        {}, description="State codes, one or from-to, that mean something else here."
    )

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        self._needs("plant", "line")
        return self


class Counter(Part):
    """A metric that only grows. Its increase is a quantity."""

    metric: str
    counts: Literal["processed", "good", "rejects"]
    event_type: Literal["defect", "scrap", "rework"] | None = Field(
        None, description="Of rejects; scrap without it."
    )
    stage: Identifier | None = None
    defect_code: Identifier | None = None
    also_processed: bool = Field(
        False, description="Rejects that no other counter counts as processed."
    )
    rolls_over_at: Decimal | None = Field(
        None, gt=0, description="The first value that it cannot show."
    )
    most_per_minute: Decimal = Field(
        Decimal(6000), gt=0, description="A larger step is not counted, and shown."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.counts != "rejects" and (self.event_type or self.also_processed):
            raise ValueError("event_type: and also_processed are for counters of rejects")
        if self.event_type == "defect" and self.stage is None:
            raise ValueError("stage: is needed to price a defect")
        return self


class Stopped(Part):
    """A metric that says whether the machine stands."""

    metric: str
    stopped: tuple[str, ...] = Field((), description="Values that mean a stop.")
    planned: tuple[str, ...] = Field((), description="Values that mean a planned stop.")
    running: tuple[str, ...] = Field((), description="Values that mean none; else all others.")
    codes: dict[str, Identifier] = Field({}, description="Defect codes by value.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.stopped and not self.planned:
            raise ValueError("stopped: list the values that mean a stop")
        return self


class Device(Part):
    """What the metrics of one edge node, or of one of its devices, mean."""

    group: str
    node: str
    device: str | None = None
    plant: Identifier
    line: Identifier
    work_unit: Identifier | None = None
    product: Identifier | None = None
    product_metric: str | None = None
    counters: tuple[Counter, ...] = ()
    stops: Stopped | None = None

    @property
    def name(self) -> str:
        return "/".join(filter(None, (self.group, self.node, self.device)))

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if self.counters and (self.product is None) == (self.product_metric is None):
            raise ValueError("product: say either product or product_metric")
        if not self.counters and self.stops is None:
            raise ValueError("counters: or stops must be there")
        return self


class SparkplugSubscription(Subscribed):
    """Sparkplug B: births, data and deaths."""

    format: Literal["sparkplug"]
    devices: tuple[Device, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [device.name for device in self.devices]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"devices: {name} is there twice")
        return self


Subscription = Annotated[
    PlainSubscription | UmhSubscription | SparkplugSubscription, Field(discriminator="format")
]


class Tls(Part):
    """Files, relative to the folder of the configuration."""

    ca: Path | None = Field(None, description="Authorities to trust; the system's without it.")
    cert: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _has_both(self) -> Self:
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert: and key belong together")
        return self


SCHEMES = {"mqtt": 1883, "mqtts": 8883}


class Broker(Part):
    host: str
    port: int = Field(gt=0, lt=65536)
    encrypted: bool

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        if not isinstance(data, str):
            return data
        url = urlsplit(data)
        if url.scheme not in SCHEMES or not url.hostname:
            raise ValueError(f'"{data}" is not an address such as mqtts://broker.example:8883')
        if url.username or url.password:
            raise ValueError("no user or password here; use username and password_env")
        port = url.port or SCHEMES[url.scheme]
        return {"host": url.hostname, "port": port, "encrypted": url.scheme == "mqtts"}

    @property
    def is_here(self) -> bool:
        """Whether the broker is on this machine, so that no other party can read the traffic."""
        return is_loopback(self.host)


class MqttConfig(Part):
    """A whole configuration file."""

    broker: Broker
    client_id: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$",
        description="Names the session: one running copq for each.",
    )
    version: Literal["3.1.1", "5"] = "5"
    plaintext: bool = Field(False, description="Send all in the clear to another machine.")
    tls: Tls = Tls()
    username: str | None = None
    password_env: str | None = Field(None, description="The environment variable that has it.")
    password_file: Path | None = None
    keepalive_seconds: int = Field(30, ge=5, le=3600)
    session_expiry_hours: int = Field(24 * 7, ge=1, le=24 * 365)
    in_flight: int = Field(1000, ge=1, le=65535, description="Unacknowledged at most.")
    largest_message: int = Field(1024 * 1024, ge=1024, description="Bytes, of MQTT 5.")
    subscriptions: tuple[Subscription, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if not (self.broker.encrypted or self.broker.is_here or self.plaintext):
            raise ValueError(
                "broker: mqtt:// sends events and passwords in the clear; "
                "use mqtts://, or set plaintext: true"
            )
        if self.password_env and self.password_file:
            raise ValueError("password_env: or password_file, not both")
        if (self.password_env or self.password_file) and self.username is None:
            raise ValueError("username: is needed with a password")
        return self
