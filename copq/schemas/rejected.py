"""Rejected events: what `quality.events.rejected` says of a message that was refused."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from copq.schemas.refusal import Refusal

KEPT_BYTES = 64 * 1024
"""Of a message that is refused for its size, the beginning is enough to know it by."""

KEPT_HEADERS = 16 * 1024
"""Of all names and values of headers together; attributes of CloudEvents are names and instants."""

_CODE, _FIELD, _MESSAGE, _TOPIC, _SENDER = 64, 1_000, 4_000, 249, 256
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_BASE64 = 4 * -(-KEPT_BYTES // 3)

_Count = Annotated[int, Field(ge=0, lt=2**63)]


def _is_base64(value: str) -> str:
    try:
        b64decode(value, validate=True)
    except ValueError:
        raise ValueError("is not base64") from None
    return value


def _are_short(headers: dict[str, str]) -> dict[str, str]:
    if _length(headers) > KEPT_HEADERS:
        raise ValueError(f"hold more than {KEPT_HEADERS} characters")
    return headers


def _length(headers: Mapping[str, str]) -> int:
    return sum(len(name) + len(value) for name, value in headers.items())


class Origin(BaseModel):
    """Where the message lies in Kafka."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: str = Field(max_length=_TOPIC)
    partition: Annotated[int, Field(ge=0, lt=2**31)]
    offset: _Count
    fingerprint: str = Field(
        "", pattern="^[0-9a-f]{0,64}$",
        description="Of its timestamp, key and bytes: another message may lie there later.",
    )  # fmt: skip


class RejectedEvent(BaseModel):
    """A refused message: why, from where (null: not from Kafka), and its first bytes.

    Each part has a limit, for others may write to the topic, too: what does not keep to it is kept
    as bytes that are not a rejected event.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(
        max_length=_CODE, pattern="^[a-z_]+$", description="For programs, such as missing_field."
    )
    field: str = Field(max_length=_FIELD, description="The field at fault; may be empty.")
    message: str = Field(
        max_length=_MESSAGE, description="For people: what is wrong, and what to do."
    )
    origin: Origin | None = None
    size: _Count = Field(description="Bytes of the whole message.")
    payload_base64: Annotated[str, AfterValidator(_is_base64)] = Field(
        max_length=_BASE64,
        description=f"The first {KEPT_BYTES} bytes.",
        json_schema_extra={"contentEncoding": "base64"},
    )
    sent_by: str | None = Field(
        None, max_length=_SENDER, description="Who sent it; null: nobody asked."
    )
    headers: Annotated[dict[str, str], AfterValidator(_are_short)] = Field(
        {}, description="Of a CloudEvent on Kafka: those it needs."
    )
    rejected_at: Annotated[AwareDatetime, Field(ge=_EARLIEST, lt=_LATEST)]

    @property
    def payload(self) -> bytes:
        """The message's bytes, the first `KEPT_BYTES` of them."""
        return b64decode(self.payload_base64)


def rejected_event(
    refusal: Refusal,
    payload: bytes,
    rejected_at: datetime,
    origin: Origin | None = None,
    sent_by: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> RejectedEvent:
    """The rejected event of a message, cut to what is kept of it."""
    kept = headers if headers and _length(headers) <= KEPT_HEADERS else {}
    return RejectedEvent(
        code=refusal.code,
        field=_fit(refusal.field, _FIELD),
        message=_fit(refusal.message, _MESSAGE),
        origin=origin,
        size=len(payload),
        sent_by=sent_by and _fit(sent_by, _SENDER),
        headers={_fit(name): _fit(value) for name, value in kept.items()},
        payload_base64=b64encode(payload[:KEPT_BYTES]).decode(),
        rejected_at=rejected_at,
    )


def _fit(text: str, longest: int | None = None) -> str:
    """Its beginning, without halves of characters, which neither JSON nor a database holds."""
    return text[:longest].encode(errors="replace").decode()


def encode(rejected: RejectedEvent) -> bytes:
    """A message of `quality.events.rejected`."""
    return rejected.model_dump_json().encode()


def decode(message: bytes) -> RejectedEvent:
    """As it was encoded. Raises `pydantic.ValidationError` of what copq would never write."""
    return RejectedEvent.model_validate_json(message)
