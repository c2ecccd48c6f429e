"""Events as they would have been."""

from decimal import Decimal
from typing import Any

from copq.improvement.what_if.changed_events import ChangedEvent, Left, change_event
from copq.improvement.what_if.changes import EventChange, parse_changes
from copq.schemas.decode import decode
from tests.support.building import defect, event, production

AT = "2026-06-02T12:00:00+02:00"
STAGES = ("S1", "S2", "S3")
D = Decimal


def changed(raw: bytes, text: str, stages: tuple[str, ...] = STAGES) -> ChangedEvent:
    changes = {n: c for n, c in enumerate(parse_changes(text)) if isinstance(c, EventChange)}
    return change_event(decode(raw), changes, lambda _: stages)


def test_all_amounts_keep_their_share() -> None:
    back = event("return", "r", occurred_at=AT, product="widget", quantity=8, scrapped=2,
                 transport="5", defect_code="LEAK")  # fmt: skip
    found = changed(back, "scale code=LEAK by 0.25").event
    assert (found.quantity, found.scrapped, found.transport) == (2, D("0.5"), D("1.25"))
    hours = event("inspection", "i", occurred_at=AT, minutes=30, out_of_pocket=4)
    found = changed(hours, "halve type=inspection").event
    assert (found.minutes, found.out_of_pocket) == (15, 2)


def test_an_event_has_all_names_of_a_change() -> None:
    leak = defect("d", AT, 4, defect_code="LEAK", supplier="B")
    assert changed(leak, "halve code=LEAK supplier=B").event.quantity == 2
    other = changed(leak, "halve code=LEAK supplier=A")
    assert (other.event.quantity, other.by) == (4, ())


def test_a_removed_event_is_not_changed_further() -> None:
    found = changed(defect("d", AT, 4), "halve line=L1; remove type=defect; halve stage=S2")
    assert (found.event, found.by) == (None, (0, 1))
    assert changed(defect("d", AT, 4), "scale type=defect by 0").event is None


def test_a_change_names_events_as_the_one_before_left_them() -> None:
    found = changed(defect("d", AT, 4), "move type=defect to S1; halve stage=S1; halve stage=S2")
    assert (found.event.stage, found.event.quantity, found.by) == ("S1", 2, (0, 1))


def test_detection_moves_only_to_an_earlier_stage_of_the_product() -> None:
    def stage(raw: bytes, to: str) -> tuple[Any, dict[int, Left]]:
        found = changed(raw, f"move line=L1 to {to}")
        return found.event.stage, dict(found.left)

    found_at_the_end = event("scrap", "s", occurred_at=AT, product="widget", quantity=1)
    assert stage(defect("d", AT), "S1") == ("S1", {})
    assert stage(found_at_the_end, "S2") == ("S2", {})
    assert stage(defect("d", AT), "S2") == ("S2", {0: Left.NOT_EARLIER})
    assert stage(defect("d", AT), "S3") == ("S2", {0: Left.NOT_EARLIER})
    assert stage(defect("d", AT), "S9") == ("S2", {0: Left.NO_STAGE})
    assert stage(production("p", AT, stage="S2"), "S1") == ("S2", {})
