"""Rejected events: what `quality.events.rejected` says of a message that was refused."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from schemas.refusal import Refusal

KEPT_BYTES = 64 * 1024
"""Of a message that is refused for its size, the beginning is enough to know it by."""

_Count = Annotated[int, Field(ge=0, lt=2**63)]


def _is_base64(value: str) -> str:
    try:
        b64decode(value, validate=True)
    except ValueError:
        raise ValueError("is not base64") from None
    return value


class Origin(BaseModel):
    """Where the message lies in Kafka."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: str
    partition: Annotated[int, Field(ge=0, lt=2**31)]
    offset: _Count
    fingerprint: str = Field(
        "", max_length=64,
        description="Of its timestamp, key and bytes: another message may lie there later.",
    )  # fmt: skip


class RejectedEvent(BaseModel):
    """A refused message: why, from where (null: not from Kafka), and its first bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(description="For programs, such as missing_field.")
    field: str = Field(description="The field at fault; may be empty.")
    message: str = Field(description="For people: what is wrong, and what to do.")
    origin: Origin | None = None
    size: _Count = Field(description="Bytes of the whole message.")
    payload_base64: Annotated[str, AfterValidator(_is_base64)] = Field(
        description=f"The first {KEPT_BYTES} bytes.",
        json_schema_extra={"contentEncoding": "base64"},
    )
    sent_by: str | None = Field(None, description="Who sent it; null: nobody asked.")
    headers: dict[str, str] = Field({}, description="Of a CloudEvent on Kafka: those it needs.")
    rejected_at: AwareDatetime

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
    return RejectedEvent(
        code=refusal.code,
        field=refusal.field,
        message=refusal.message,
        origin=origin,
        size=len(payload),
        sent_by=sent_by,
        headers=dict(headers or {}),
        payload_base64=b64encode(payload[:KEPT_BYTES]).decode(),
        rejected_at=rejected_at,
    )


def encode(rejected: RejectedEvent) -> bytes:
    """A message of `quality.events.rejected`."""
    return rejected.model_dump_json().encode()


def decode(message: bytes) -> RejectedEvent:
    """As it was encoded. Raises `pydantic.ValidationError`: none but copq writes the topic."""
    return RejectedEvent.model_validate_json(message)
