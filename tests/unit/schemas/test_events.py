"""Every event type: what it holds, what it needs, what its rules say."""

import json
from decimal import Decimal
from typing import Any

import pytest

from copq.schemas.decode import decode
from copq.schemas.events import EVENT_MODELS, Event
from copq.schemas.examples import EXAMPLES
from copq.schemas.refusal import Refusal, Refused

CONTEXT = {
    "product": "bottle-500", "stage": "capped", "work_unit": "capper-2", "order": "PO-1",
    "lot": "L-1", "shift": "early", "defect_code": "cap-loose", "supplier": "Caps & Co",
    "function": "production", "source": "mes",
    "attributes": {"temperature": "high", "größe": "½ l"},
}  # fmt: skip
COUNTS = {"interventions": 1, "wrong_routings": 2, "other_master_data": 3}
NO_FAILURES = ("production", "inspection", "prevention", "correction")
FULL: dict[str, dict[str, Any]] = {
    "production": {"quantity": "1200.5", "good": 0},
    "defect": {"quantity": 1},
    "scrap": {"quantity": "0.000001"},
    "rework": {"quantity": 3, "minutes": "2.5", "labour_grade": "skilled", "out_of_pocket": "9.99"},
    "downgrade": {"quantity": 1000000000},
    "downtime": {"ended_at": "2026-02-01T00:00:00Z", "planned": True},
    "recovery": {"quantity": 3, "out_of_pocket": 1, "credit": "0.01"},
    "return": {"quantity": 9, "scrapped": 9, "on_site": True, "transport": 0, "travel": 70},
    "complaint": {
        "quantity": 2, "minutes": 527040, "labour_grade": "skilled", "out_of_pocket": 5,
        "grades": {"handled_by": 1, "severity": 5, "contacts": 2, "people": 3, "duration": 4},
    },
    "warranty": {"quantity": 2, "out_of_pocket": 950},
    "inspection": {"quantity": 2, "minutes": 1, "labour_grade": "skilled", "out_of_pocket": 5},
    "prevention": {"minutes": 1, "labour_grade": "skilled", "out_of_pocket": 5},
    "admin_failure": {"quantity": 2, "minutes": 1, "labour_grade": "skilled", "out_of_pocket": 5},
    "correction": {"replacement": {**EXAMPLES["scrap"], "event_id": "mes-99"}},
}  # fmt: skip


def read(event: dict[str, Any]) -> Event:
    return decode(json.dumps(event).encode())


def refusal(event: dict[str, Any]) -> Refusal:
    with pytest.raises(Refused) as refused:
        read(event)
    return refused.value.refusal


@pytest.mark.parametrize(
    ("count", "why"),
    [(-1, "greater than or equal to 0"), (1_000_001, "less than or equal to 1000000"),
     (1.5, "fractional part"), (None, "valid integer"), ("many", "valid integer")],
)  # fmt: skip
def test_a_count_of_lost_control_is_a_whole_number(count: Any, why: str) -> None:
    fault = refusal({**EXAMPLES["defect"], "interventions": count})
    assert fault.field == "interventions" and why in fault.message


def test_only_a_failure_has_counts_of_lost_control() -> None:
    fault = refusal({**EXAMPLES["production"], "interventions": 1})
    assert (fault.code, fault.field) == ("unknown_field", "interventions")


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_all_fields_come_through_and_back(event_type: str) -> None:
    counts = {} if event_type in NO_FAILURES else COUNTS
    sent = {**EXAMPLES[event_type], **CONTEXT, **counts, **FULL[event_type]}
    model = EVENT_MODELS[event_type].model_validate_json(json.dumps(sent))
    assert set(sent) | {"occurred_at"} == set(EVENT_MODELS[event_type].model_fields)
    again = decode(model.model_dump_json().encode())
    for name in EVENT_MODELS[event_type].model_fields:
        assert getattr(again, name) == getattr(model, name), name


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_what_is_required_is_named_when_it_is_missing(event_type: str) -> None:
    fields = EVENT_MODELS[event_type].model_fields.items()
    required = {name for name, field in fields if field.is_required()} - {"event_type"}
    for name in required & set(EXAMPLES[event_type]):
        rest = {n: v for n, v in EXAMPLES[event_type].items() if n != name}
        said = refusal(rest)
        assert (said.code, said.field) == ("missing_field", name)
        assert said.message.startswith(f"{name} is missing: {event_type} events need event_")


def test_a_stop_occurs_as_it_starts() -> None:
    stop = read(EXAMPLES["downtime"])
    assert stop.occurred_at.isoformat() == "2026-01-31T14:05:00+01:00"


def test_a_stop_without_any_time_lacks_its_start() -> None:
    said = refusal({n: v for n, v in EXAMPLES["downtime"].items() if n != "started_at"})
    assert (said.code, said.field) == ("missing_field", "started_at")
    assert "occurred_at" not in said.message


MANY_DIGITS = ("1." + "0" * 20_000, "10000000e-7", "1e0", "0." + "9" * 6 + "0" * 20_000)
ODD_NOUGHTS = ("0e-20000", "0." + "0" * 20_000, "0e20000", "-0")


@pytest.mark.parametrize("number", MANY_DIGITS)
def test_an_amount_keeps_no_more_digits_than_it_needs(number: str) -> None:
    quantity = getattr(read({**EXAMPLES["scrap"], "quantity": number}), "quantity", None)
    assert quantity == Decimal(number)
    assert len(f"{quantity:f}") <= 8


@pytest.mark.parametrize("number", ODD_NOUGHTS)
def test_nothing_is_nothing_however_it_is_written(number: str) -> None:
    scrapped = getattr(read({**EXAMPLES["return"], "scrapped": number}), "scrapped", None)
    assert scrapped == 0
    assert len(f"{scrapped:f}") <= 8


def test_an_exponent_is_written_out() -> None:
    assert str(getattr(read({**EXAMPLES["scrap"], "quantity": "1e8"}), "quantity", "")) in (
        "100000000", "100000000.000000",
    )  # fmt: skip


def test_nanoseconds_are_rounded_to_microseconds() -> None:
    stop = read({**EXAMPLES["scrap"], "occurred_at": "2026-01-31T23:59:59.9999996Z"})
    assert stop.occurred_at.isoformat() == "2026-02-01T00:00:00+00:00"


def test_a_replacement_is_read_and_refused_by_its_own_type() -> None:
    correction = EXAMPLES["correction"]
    wrong = {**correction["replacement"], "quantty": 1}
    said = refusal({**correction, "replacement": wrong})
    assert said.field == "replacement.quantty"
    assert said.message == '"quantty" is not a field of scrap events; did you mean "quantity"?'


def test_a_correction_replaces_by_anything_but_a_correction() -> None:
    said = refusal({**EXAMPLES["correction"], "replacement": EXAMPLES["correction"]})
    assert (said.code, said.field) == ("unknown_event_type", "replacement.event_type")
    assert '"correction" is not an event type here; it is one of production' in said.message
    assert not said.message.endswith("correction")


RULES = (
    # a part is never more than the whole
    ("production", {"good": 1201}, "good is more than the quantity processed"),
    ("return", {"scrapped": 61}, "scrapped is more than the quantity returned"),
    # money on the right account
    ("return", {"travel": 5}, "travel belongs to work on site; set on_site or use transport"),
    ("return", {"on_site": True}, "transport belongs to units sent back; on site use travel"),
    # a stop goes forward in time, and has one time at which it occurs
    ("downtime", {"ended_at": "2026-01-31T13:35:00+01:00"}, "ended_at is not after started_at"),
    ("downtime", {"ended_at": "2026-01-31T14:05:00+01:00"}, "ended_at is not after started_at"),
    ("downtime", {"ended_at": "2027-02-02T00:00:00Z"},
     "ended_at is more than 366 days after started_at"),
    ("downtime", {"occurred_at": "2026-01-31T15:05:00+01:00"},
     "occurred_at of a stop is its started_at; leave it out"),
    # an event says something
    ("recovery", {"out_of_pocket": 0, "credit": 0},
     "out_of_pocket or credit must be more than 0"),
    ("complaint", {"minutes": 0, "out_of_pocket": 0},
     "minutes or out_of_pocket must be more than 0"),
    ("inspection", {"minutes": 0}, "minutes or out_of_pocket must be more than 0"),
    ("prevention", {"minutes": 0, "out_of_pocket": 0},
     "minutes or out_of_pocket must be more than 0"),
    ("admin_failure", {"quantity": None},
     "minutes or out_of_pocket or quantity must be more than 0"),
    ("admin_failure", {"product": None}, "product is needed to price the quantity"),
    # a replacement is another event
    ("correction", {"corrects": "mes-15"}, "replacement needs an event_id of its own"),
    # and a rule within a replacement names its place
    ("correction", {"replacement": {**EXAMPLES["return"], "scrapped": 61}},
     "replacement.scrapped is more than the quantity returned"),
)  # fmt: skip


@pytest.mark.parametrize(("event_type", "changed", "message"), RULES)
def test_rules_across_fields(event_type: str, changed: dict[str, Any], message: str) -> None:
    said = refusal({**EXAMPLES[event_type], **changed})
    assert (said.code, said.message) == ("inconsistent", message)
    assert said.field == message.split()[0]
