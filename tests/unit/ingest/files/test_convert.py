"""What a row becomes, and what it does not."""

import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from copq.ingest.files.convert import Converted
from copq.schemas.decode import decode
from tests.support.ingest.files.converting import (
    bottling,
    convert,
    events,
    numbered,
    refusal,
    row,
    small,
)
from tests.support.ingest.files.plant import LogRow, log
from tests.support.searching import examples

ROWS = log()[:900]
Slot = tuple[str, bool, datetime]


def test_event_has_the_fields_that_the_mapping_names() -> None:
    (event,) = events(small(), [row()])
    assert event.pop("event_id").startswith("mill/defect/")
    assert event == {
        "event_type": "defect", "plant": "mill", "line": "L1", "work_unit": "P4", "product": "A",
        "occurred_at": "2026-01-31T14:05:00-05:00", "stage": "s", "quantity": "3",
    }  # fmt: skip


def test_every_event_of_the_plant_is_one_that_the_service_takes() -> None:
    for item in convert(bottling(), numbered(ROWS)):
        assert isinstance(item, Converted)
        assert decode(item.raw).event_type == item.event_type


def test_id_depends_on_key_columns_and_not_on_the_place_or_the_rest() -> None:
    ids = [e["event_id"] for e in events(small(), [row(2), row(9, scrap="4"), row(2, press="P5")])]
    assert ids[0] == ids[1] != ids[2]


def test_id_differs_between_mappings_of_another_name() -> None:
    (one,), (other,) = (events(m, [row()]) for m in (small(), small(**{"name: mill": "name: m2"})))
    assert one["event_id"] != other["event_id"]


def test_cells_that_only_look_alike_when_joined_have_ids_of_their_own() -> None:
    first, second = (
        events(small(), [row(at="2026-01-31 14:05", press=press)])[0]["event_id"]
        for press in ('P","4', "P4")
    )
    assert first != second


def test_two_entries_of_one_type_do_not_share_ids() -> None:
    entry = (
        "  - {type: defect, id: [at, press], fields: {occurred_at: at, product: item, "
        "stage: {const: late}, quantity: scrap}}\n"
    )
    made = events(small(**{"events:\n": "events:\n" + entry}), [row()])
    assert len({event["event_id"] for event in made}) == 2


def test_nothing_scrapped_makes_no_event() -> None:
    assert convert(small(), [row(scrap="0"), row(scrap="0.0")]) == []


def test_value_translated_to_nothing_makes_no_event() -> None:
    mapping = small(**{"stage: step": "stage: {column: step, values: {s: Press, ok: }}"})
    assert [event["stage"] for event in events(mapping, [row(), row(step="ok")])] == ["Press"]


def test_value_that_is_not_listed_refuses_the_row_with_the_nearest() -> None:
    mapping = small(**{"stage: step": "stage: {column: step, values: {press: P, oven: O}}"})
    refused = refusal(mapping, row(7, step="pres"))
    assert (refused.row, refused.field) == (7, "stage")
    assert refused.message == (
        'column step holds "pres", which values does not list; did you mean "press"?'
    )


def test_sum_of_columns_that_are_no_numbers_refuses_the_row() -> None:
    mapping = small(**{"quantity: scrap": "quantity: {sum: [scrap, scrap]}"})
    assert events(mapping, [row(scrap="1.5")])[0]["quantity"] == "3.0"
    assert refusal(mapping, row(scrap="1,5")).message == (
        'column scrap holds "1,5", which is not a number'
    )


def test_empty_cell_leaves_the_field_out() -> None:
    (event,) = events(small(), [row(press="")])
    assert "work_unit" not in event


def test_dotted_names_are_members() -> None:
    mapping = small(**{"quantity: scrap": "quantity: scrap, attributes.cavity: press"})
    assert events(mapping, [row()])[0]["attributes"] == {"cavity": "P4"}


def test_function_and_lost_control_are_columns_like_others() -> None:
    more = "quantity: scrap, function: press, interventions: scrap"
    [event] = events(small(**{"quantity: scrap": more}), [row()])
    assert event["function"] == "P4"
    read: Any = decode(json.dumps(event).encode())
    assert read.interventions == int(event["quantity"])


def test_conditions() -> None:
    def made(when: str, **cells: str) -> bool:
        mapping = small(**{"    id:": f"    when: {{{when}}}\n    id:"})
        return bool(events(mapping, [row(1, **cells)]))

    assert made("press: P4") and not made("press: P5")
    assert made("press: [P4, P5]") and not made("press: [P5]")
    assert made("scrap: {above: 2}") and not made("scrap: {above: 3}")
    assert made("press: {prefix: P}") and not made("press: {prefix: Q}")
    assert made("press: {filled: true}") and not made("press: {filled: false}")
    assert not made("press: P4, item: B")


@examples(0.15)
@given(st.data())
def test_cut_shuffled_and_repeated_rows_give_the_same_units_and_stops(data: st.DataObject) -> None:
    """Each file knows only its own rows; together they say what the whole says."""
    cuts = sorted(data.draw(st.sets(st.integers(1, len(ROWS) - 1), max_size=4)))
    pieces = [ROWS[a:b] for a, b in zip([0, *cuts], [*cuts, len(ROWS)], strict=True)]
    pieces.append(data.draw(st.lists(st.sampled_from(ROWS), max_size=50)))
    pieces = [data.draw(st.permutations(piece)) for piece in pieces]
    whole, parts = _facts([ROWS]), _facts(pieces)
    assert parts[0] == whole[0]
    assert parts[1] == whole[1] == _expected_slots()


def _facts(files: list[list[LogRow]]) -> tuple[dict[str, Any], set[Slot]]:
    """Events by id, without the stops; and the five-minute slots that the stops cover."""
    made = [event for rows in files for event in events(bottling(), numbered(rows))]
    others = {e["event_id"]: e for e in made if e["event_type"] != "downtime"}
    return others, {slot for e in made if e["event_type"] == "downtime" for slot in _slots(e)}


def _slots(stop: dict[str, Any]) -> list[Slot]:
    start, end = (datetime.fromisoformat(stop[name]) for name in ("started_at", "ended_at"))
    count = (end - start) // timedelta(minutes=5)
    assert count > 0
    return [(stop["line"], stop["planned"], start + timedelta(minutes=5 * n)) for n in range(count)]


def _expected_slots() -> set[Slot]:
    return {
        (r["LineID"], r["DowntimeReason"].startswith("PLN-"), _utc(r["Timestamp"]))
        for r in ROWS
        if r["MachineStatus"] == "Stopped"
    }


def _utc(local: str) -> datetime:
    return datetime.fromisoformat(local + "-04:00")


def test_same_rows_give_the_same_bytes() -> None:
    assert convert(bottling(), numbered(ROWS)) == convert(bottling(), numbered(ROWS))
