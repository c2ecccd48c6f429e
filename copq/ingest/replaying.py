"""Refused events that are sent again, as they are or fixed."""

import json
from typing import Any

from asyncpg import Connection

from copq.access.sender import Lines, Sender
from copq.ingest.intake import Answer, Intake, Status
from copq.kafka.cloudevents import event_in, event_in_fixed
from copq.posting.rejected import mark_replayed
from copq.schemas.refusal import Refusal, Refused, printable_name

BY_NUMBER = ("out_of_scope", "too_many_names")
"""The codes of refused events that are replayed one by one alone."""


async def replay_rows(
    conn: Connection,
    rows: list[Any],
    fixed: bytes | None,
    intake: Intake,
    by: str,
    lines: Lines | None = None,
) -> dict[int, Answer]:
    """Send refused events under the name of their first sender, and mark those accepted.

    `fixed` are other bytes to send; `by` is who replays, for `lines` alone (None: for all).
    Returns the answer by id. Raises `Unavailable`; sending all again does no harm.
    """
    said: dict[int, Answer] = {}
    for name in dict.fromkeys(row["sent_by"] for row in rows):
        events = [(r["rejected_id"], _event(r, fixed)) for r in rows if r["sent_by"] == name]
        said |= await _send_events(events, intake, Sender(name, lines))
    done = [i for i, answer in said.items() if answer.status is not Status.REFUSED]
    await mark_replayed(conn, done, by)
    return said


def is_whole(row: Any) -> bool:
    """Whether all bytes of a refused message are there."""
    return bool(row["size"] == len(row["payload"] or b""))


def _event(row: Any, fixed: bytes | None) -> bytes | Refusal:
    """The event to send, taken out of the CloudEvent around it if it is in one."""
    try:
        if fixed is not None:
            return event_in_fixed(fixed)
        return event_in(json.loads(row["headers"]), bytes(row["payload"]))
    except Refused as refused:
        return refused.refusal


async def _send_events(
    events: list[tuple[int, bytes | Refusal]], intake: Intake, sender: Sender
) -> dict[int, Answer]:
    """Send the events that could be read; return each answer by id, also of the unreadable."""
    sent = {i: raw for i, raw in events if isinstance(raw, bytes)}
    answers = await intake.accept(list(sent.values()), sender) if sent else []
    said = dict(zip(sent, answers, strict=True))
    unreadable = {
        i: Answer(Status.REFUSED, refusal=why) for i, why in events if isinstance(why, Refusal)
    }
    return {**said, **unreadable}


def event_id_of(row: Any) -> str | None:
    """The id that a refused event names, as far as it can be read."""
    if row["payload"] is None:
        return None
    try:
        said = json.loads(event_in(json.loads(row["headers"]), bytes(row["payload"])))
    except (Refused, ValueError, RecursionError):
        return None
    found = said.get("event_id") if isinstance(said, dict) else None
    return printable_name(found) if isinstance(found, str) else None


def rejected_json(row: Any) -> dict[str, Any]:
    """A refused event; bytes that are not text are shown as well as possible."""
    payload = None if row["payload"] is None else bytes(row["payload"]).decode(errors="replace")
    return {
        **row, "event_id": event_id_of(row), "headers": json.loads(row["headers"]),
        "payload": payload,
    }  # fmt: skip
