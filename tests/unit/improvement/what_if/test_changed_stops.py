"""Stops as they would have been."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from copq.improvement.what_if.changed_stops import change_stops
from copq.improvement.what_if.changes import EventChange, parse_changes
from copq.ledger.downtime import Stop, Whole, end_of, wholes

NOON = datetime(2026, 6, 2, 12, tzinfo=UTC)
D = Decimal


def stop(name: str, start: int, end: int, code: str = "JAM", unit: str | None = "M1") -> Stop:
    """Minutes after noon."""
    return Stop(
        event_id=name, work_unit=unit, product=None, defect_code=code, shift=None,
        started_at=NOON + timedelta(minutes=start), ended_at=NOON + timedelta(minutes=end),
        planned=False, per_hour=D(120), currency="EUR", rate_version=1,
    )  # fmt: skip


def changed(stops: list[Stop], text: str) -> tuple[list[Whole], dict[int, set[str]]]:
    changes = {n: c for n, c in enumerate(parse_changes(text)) if isinstance(c, EventChange)}
    return change_stops(wholes(stops), changes, "north", "L1")


def minutes(found: list[Whole]) -> list[tuple[str, int, int]]:
    pieces = [piece for whole in found for piece in whole.pieces]
    return [(p.event_id, _minute(p.started_at), _minute(end_of(p))) for p in pieces]


def _minute(at: datetime) -> int:
    return (at - NOON).seconds // 60


def test_a_stop_in_pieces_ends_after_half_of_its_time() -> None:
    pieces = [stop("a", 0, 10), stop("b", 10, 30), stop("c", 30, 40)]
    found, applied = changed(pieces, "halve code=JAM")
    assert minutes(found) == [("a", 0, 10), ("b", 10, 20)]
    assert applied == {0: {"a", "b", "c"}}


def test_changes_of_a_stop_multiply() -> None:
    found, _ = changed([stop("a", 0, 40)], "halve code=JAM; scale line=L1 by 0.25; halve code=X")
    assert minutes(found) == [("a", 0, 5)]


def test_a_share_of_a_microsecond_is_rounded() -> None:
    short = stop("a", 0, 1)
    assert changed([short], "scale code=JAM by 0.000000001")[0] == []  # 0.06 microseconds
    [whole], _ = changed([short], "scale code=JAM by 0.00000001")
    assert whole.ended_at - NOON == timedelta(microseconds=1)  # 0.6


def test_a_removed_stop_leaves_the_others() -> None:
    found, applied = changed([stop("a", 0, 9), stop("b", 5, 8, "X")], "remove code=JAM machine=M1")
    assert minutes(found) == [("b", 5, 8)]
    assert applied == {0: {"a"}}


def test_a_change_of_a_stage_a_supplier_or_another_type_is_not_of_stops() -> None:
    for text in ("remove stage=S1", "remove supplier=B", "remove type=defect", "remove line=L2",
                 "move line=L1 to S1"):  # fmt: skip
        found, applied = changed([stop("a", 0, 9)], text)
        assert (minutes(found), applied) == ([("a", 0, 9)], {0: set()})
