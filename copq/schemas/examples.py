"""One event of each type as a plant would send it: in the AsyncAPI document and in the tests."""

from typing import Any

_AT = "2026-01-31T14:05:00+01:00"
_LATER = "2026-01-31T14:35:00+01:00"


def _event(number: int, event_type: str, **said: Any) -> dict[str, Any]:
    where = {"plant": "hamburg", "line": "filling-1"}
    when = {} if "started_at" in said else {"occurred_at": _AT}
    return {"event_id": f"mes-{number}", "event_type": event_type, **when, **where, **said}


_BOTTLE = {"product": "bottle-500"}

EXAMPLES: dict[str, dict[str, Any]] = {
    event["event_type"]: event
    for event in (
        _event(1, "production", **_BOTTLE, quantity=1200, good=1180, shift="early"),
        _event(2, "defect", **_BOTTLE, stage="capped", quantity=14, defect_code="cap-loose"),
        _event(3, "scrap", **_BOTTLE, quantity=6, lot="2026-031-A"),
        _event(4, "rework", **_BOTTLE, quantity=40, minutes="25.5", out_of_pocket="12.00"),
        _event(5, "downgrade", **_BOTTLE, quantity=200),
        _event(6, "downtime", started_at=_AT, ended_at=_LATER, defect_code="jam"),
        _event(7, "recovery", **_BOTTLE, quantity=90, out_of_pocket="35.00", credit="120.00"),
        _event(8, "return", **_BOTTLE, quantity=60, scrapped=10, transport="80.00"),
        _event(9, "complaint", minutes=45, function="sales", grades={"severity": 3, "contacts": 2}),
        _event(10, "warranty", out_of_pocket="950.00", order="SO-4711"),
        _event(11, "inspection", minutes=30, labour_grade="laboratory"),
        _event(12, "prevention", minutes=240, out_of_pocket="600.00", source="training"),
        _event(13, "admin_failure", **_BOTTLE, quantity=500, defect_code="forecast",
               function="planning", interventions=1),
        _event(
            14, "correction", corrects="mes-3", reason="counted twice",
            replacement=_event(15, "scrap", **_BOTTLE, quantity=3),
        ),
    )
}  # fmt: skip
