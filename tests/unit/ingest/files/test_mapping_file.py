"""Mappings that are refused, each with the sentences that say why."""

import pytest

from copq.ingest.files.faults import MappingError
from copq.ingest.files.mapping_file import parse_mapping, read_mapping
from tests.support.ingest.files.converting import SMALL, STOPS
from tests.support.ingest.files.plant import MAPPING


def faults(text: str, *changes: tuple[str, str]) -> list[str]:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(MappingError) as caught:
        parse_mapping(text)
    return caught.value.faults


def test_plants_mapping_reads_the_columns_it_names() -> None:
    mapping = read_mapping(MAPPING)
    assert mapping.columns[:2] == ("MachineStatus", "Timestamp")
    assert len(mapping.columns) == len(set(mapping.columns)) == 10


def test_what_is_no_mapping() -> None:
    assert faults("")[0].startswith("is empty")
    assert faults("a: [")[0].startswith("is not YAML")
    assert faults("name: x") == ["has neither events nor stops: it would import nothing"]


def test_unknown_names_come_with_the_nearest() -> None:
    assert faults(SMALL, ("constants", "constant"), ("fields", "field")) == [
        "events.0.fields: field required",
        'events.0.field: is not a name here; did you mean "fields"?',
        'constant: is not a name here; did you mean "constants"?',
    ]


def test_unknown_field_comes_with_the_nearest() -> None:
    assert faults(SMALL, ("quantity:", "quantty:")) == [
        'events.0.fields.quantty: is not a field of the event; did you mean "quantity"?',
        "events.0.fields: quantity is missing; map it to a column, or set it under constants",
    ]


def test_unknown_event_type_comes_with_the_nearest() -> None:
    assert faults(SMALL, ("type: defect", "type: defekt")) == [
        'events.0.type: "defekt" is not an event type; did you mean "defect"?'
    ]


def test_price_is_refused() -> None:
    (fault,) = faults(SMALL, ("work_unit: press", "unit_cost: press"))
    assert fault.startswith("events.0.fields.unit_cost: an event says what happened, never what")


def test_id_and_times_are_not_the_mappings_to_give() -> None:
    assert faults(SMALL, ("work_unit: press", "event_id: press")) == [
        "events.0.fields.event_id: is made from the columns of `id`"
    ]
    assert faults(STOPS, ("work_unit: press", "ended_at: press")) == [
        "stops.0.fields.ended_at: is made from the rows' times"
    ]
    assert faults(SMALL, ("line: L1", "line: L1, occurred_at: now")) == [
        "constants.occurred_at: differs from row to row: map it under fields"
    ]


def test_missing_field_of_a_stop() -> None:
    assert faults(STOPS, (", line: L1", "")) == [
        "stops.0.fields: line is missing; map it to a column, or set it under constants"
    ]


def test_conditions_and_sources_say_exactly_one_thing() -> None:
    assert faults(STOPS, ('state: "off"', "state: {above: 1, prefix: x}")) == [
        "stops.0.when.state: say exactly one of one_of, above, prefix, filled"
    ]
    assert faults(SMALL, ("quantity: scrap", "quantity: {column: scrap, const: 1}")) == [
        "events.0.fields.quantity: say exactly one of column, sum, const"
    ]


def test_zone_interval_and_encoding() -> None:
    assert "is not an IANA time zone" in faults(SMALL, ("America/New_York", "New York"))[0]
    assert faults(STOPS, ("interval_minutes: 5", "interval_minutes: 0"))[0].startswith(
        "stops.0.interval_minutes: "
    )
    assert faults(SMALL, ("name: mill", "name: mill\nfile: {encoding: utf8x}")) == [
        'file.encoding: "utf8x" is not an encoding; utf-8, cp1252, …'
    ]


def test_example_of_the_manual_is_a_mapping() -> None:
    manual = (MAPPING.parents[2] / "docs" / "import.md").read_text()
    example = manual.partition("```yaml\n")[2].partition("```")[0]
    assert parse_mapping(example).name == "press-shop"
