"""Quality events: what happened in a plant, never what it cost.

One model for each event type, selected by `event_type`. The categories are those of the
prevention-appraisal-failure model; equipment is named as in ISA-95.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from copq.schemas.fields import (
    LONGEST_STOP,
    Count,
    EventId,
    Identifier,
    Instant,
    Minutes,
    Quantity,
    QuantityOrNone,
    Spent,
    Text,
)

Attributes = Annotated[dict[Identifier, Text], Field(max_length=16)]
Grade = Annotated[int, Field(ge=1, le=5)]
ZERO = Decimal(0)
T = TypeVar("T", bound=BaseModel)


class QualityEvent(BaseModel):
    """What every event says: which event, when, where; and its context, kept for analysis."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    event_id: EventId = Field(description="The event's own id. A second event with it is ignored.")
    occurred_at: Instant = Field(description="When it happened, with an offset.")
    plant: Identifier = Field(description="ISA-95 site.")
    line: Identifier = Field(description="ISA-95 line.")
    product: Identifier | None = None
    stage: Identifier | None = Field(None, description="Stage of the product's cost table.")
    work_unit: Identifier | None = Field(None, description="ISA-95 work unit: the machine.")
    order: Identifier | None = None
    lot: Identifier | None = None
    shift: Identifier | None = None
    defect_code: Identifier | None = Field(
        None, description="Why: defect, stop reason or any other problem."
    )
    function: Identifier | None = Field(
        None, description="Whose problem: sales, purchasing, planning, production, …"
    )
    supplier: Identifier | None = None
    source: Identifier | None = Field(None, description="Who reported it.")
    attributes: Attributes | None = None


class Production(QualityEvent):
    """Units processed (PQ), of which good (GQ, ISO 22400-2): the base of every percentage."""

    event_type: Literal["production"]
    product: Identifier
    quantity: Quantity
    good: QuantityOrNone | None = None

    @model_validator(mode="after")
    def _good_is_a_part(self) -> Self:
        if self.good is not None and self.good > self.quantity:
            raise ValueError("good: is more than the quantity processed")
        return self


class FailureEvent(QualityEvent):
    """A failure may also take control from management. These counts are never money."""

    interventions: Count = Field(0, description="How often management had to step in.")
    wrong_routings: Count = Field(0, description="Wrong routings behind the failure.")
    other_master_data: Count = Field(0, description="Other errors in master data behind it.")


class ProductFailure(FailureEvent):
    product: Identifier


class Defect(ProductFailure):
    """Units rejected at a stage, not recoverable as product. Internal failure."""

    event_type: Literal["defect"]
    stage: Identifier
    quantity: Quantity


class Scrap(ProductFailure):
    """Units scrapped late or outside a stage; without a stage: as finished. Internal failure."""

    event_type: Literal["scrap"]
    quantity: Quantity


class Rework(ProductFailure):
    """Units reworked in house. With minutes, they replace the table's labour. Internal failure."""

    event_type: Literal["rework"]
    quantity: Quantity
    minutes: Minutes | None = None
    labour_grade: Identifier | None = None
    out_of_pocket: Spent = ZERO


class Downgrade(ProductFailure):
    """Units sold as seconds. Internal failure."""

    event_type: Literal["downgrade"]
    quantity: Quantity


def _may_lack_occurred_at(schema: dict[str, Any]) -> None:
    schema["required"].remove("occurred_at")


class Downtime(FailureEvent):
    """A stop of a line; without `ended_at` it is still open. Internal failure.

    It occurs as it starts, so `occurred_at` may be left out.
    """

    model_config = ConfigDict(json_schema_extra=_may_lack_occurred_at)

    event_type: Literal["downtime"]
    started_at: Instant
    ended_at: Instant | None = None
    planned: bool = False

    @model_validator(mode="before")
    @classmethod
    def _occurs_as_it_starts(cls, data: Any) -> Any:
        if isinstance(data, dict) and "occurred_at" not in data and "started_at" in data:
            return {**data, "occurred_at": data["started_at"]}
        return data

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ended_at is not None and self.ended_at <= self.started_at:
            raise ValueError("ended_at: is not after started_at")
        if self.ended_at is not None and self.ended_at - self.started_at > LONGEST_STOP:
            raise ValueError(f"ended_at: is more than {LONGEST_STOP.days} days after started_at")
        if self.occurred_at != self.started_at:
            raise ValueError("occurred_at: of a stop is its started_at; leave it out")
        return self


class Recovery(FailureEvent):
    """Rejects sent back or sold: overhead spent, credit earned. Internal failure."""

    event_type: Literal["recovery"]
    quantity: Quantity | None = None
    out_of_pocket: Spent = ZERO
    credit: Spent = ZERO

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        return _one_of(self, "out_of_pocket", "credit")


class Return(ProductFailure):
    """Units sent back, or handled at the customer's site; what is not scrapped is reworked.

    External failure.
    """

    event_type: Literal["return"]
    quantity: Quantity
    scrapped: QuantityOrNone = ZERO
    on_site: bool = False
    transport: Spent = ZERO
    travel: Spent = ZERO

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.scrapped > self.quantity:
            raise ValueError("scrapped: is more than the quantity returned")
        if self.travel and not self.on_site:
            raise ValueError("travel: belongs to work on site; set on_site or use transport")
        if self.transport and self.on_site:
            raise ValueError("transport: belongs to units sent back; on site use travel")
        return self


class Grades(BaseModel):
    """What a complaint did to the reputation, each from 1 (slight) to 5 (grave)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    handled_by: Grade | None = None
    severity: Grade | None = None
    contacts: Grade | None = None
    people: Grade | None = None
    duration: Grade | None = None


class TimedEvent(QualityEvent):
    """Costs minutes at the labour rate in force, or out-of-pocket money, or both."""

    minutes: Minutes = ZERO
    labour_grade: Identifier | None = None
    out_of_pocket: Spent = ZERO

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        return _one_of(self, "minutes", "out_of_pocket")


class Complaint(TimedEvent, FailureEvent):
    """Handling time, out-of-pocket money, reputation grades. External failure."""

    event_type: Literal["complaint"]
    quantity: Quantity | None = None
    grades: Grades | None = None


class Warranty(FailureEvent):
    """Credit, claim or recall money. External failure."""

    event_type: Literal["warranty"]
    quantity: Quantity | None = None
    out_of_pocket: Annotated[Spent, Field(gt=0)]


class Inspection(TimedEvent):
    """Inspection, test, audit, calibration. Appraisal."""

    event_type: Literal["inspection"]
    quantity: Quantity | None = None


class Prevention(TimedEvent):
    """Training, planning, supplier survey, design review. Prevention."""

    event_type: Literal["prevention"]


class AdminFailure(TimedEvent, FailureEvent):
    """Forecast or planning error, cancellation, human error. Administrative failure."""

    event_type: Literal["admin_failure"]
    quantity: Quantity | None = Field(None, description="Units made for nothing.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.quantity and self.product is None:
            raise ValueError("product: is needed to price the quantity")
        return _one_of(self, "minutes", "out_of_pocket", "quantity")


class Correction(QualityEvent):
    """Voids an earlier event, or replaces it by another, by its id and with a reason."""

    event_type: Literal["correction"]
    corrects: EventId
    reason: Text
    replacement: "CorrectableEvent | None" = None

    @model_validator(mode="after")
    def _is_of_another(self) -> Self:
        if self.corrects == self.event_id:
            raise ValueError("corrects: is the correction's own event_id")
        known = (self.corrects, self.event_id)
        if self.replacement is not None and self.replacement.event_id in known:
            raise ValueError("replacement: needs an event_id of its own")
        return self


def _one_of(event: T, *names: str) -> T:
    if any(getattr(event, name) for name in names):
        return event
    raise ValueError(f"{names[0]}: or {' or '.join(names[1:])} must be more than 0")


CorrectableEvent = Annotated[
    Production | Defect | Scrap | Rework | Downgrade | Downtime | Recovery | Return
    | Complaint | Warranty | Inspection | Prevention | AdminFailure,
    Field(discriminator="event_type"),
]  # fmt: skip
Event = Annotated[
    Production | Defect | Scrap | Rework | Downgrade | Downtime | Recovery | Return
    | Complaint | Warranty | Inspection | Prevention | AdminFailure | Correction,
    Field(discriminator="event_type"),
]  # fmt: skip

EVENT_MODELS: dict[str, type[QualityEvent]] = {
    "production": Production, "defect": Defect, "scrap": Scrap, "rework": Rework,
    "downgrade": Downgrade, "downtime": Downtime, "recovery": Recovery, "return": Return,
    "complaint": Complaint, "warranty": Warranty, "inspection": Inspection,
    "prevention": Prevention, "admin_failure": AdminFailure, "correction": Correction,
}  # fmt: skip
EVENT: TypeAdapter[Event] = TypeAdapter(Event, config=ConfigDict(defer_build=True))
"""Built at the first event: most commands read none, and building takes a tenth of a second."""
