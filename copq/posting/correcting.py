"""Corrections in the ledger: rule on which events count, then book the difference.

Each step sets a state, whatever the state was before. So the order and the number of deliveries of
corrections and events do not matter.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import localcontext
from typing import Any

import msgspec
from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.ledger.arithmetic import MONEY
from copq.ledger.corrections import (
    CONNECTED,
    MOST,
    KnownEvent,
    ReportedCorrection,
    Ruling,
    State,
    rule,
)
from copq.posting.batch import NO_CAUSE, Batch, Cause, Special
from copq.posting.event_entries import Account, Entry, accounts
from copq.posting.problems import add_problems, problem_row
from copq.posting.stops import Lines, reprice_stops, touched
from copq.pricing.price import Dispatch, price
from copq.rates.book import RateBook
from copq.schemas.decode import decode_strictly
from copq.schemas.events import Correction
from copq.schemas.priced import Outcome, encode

_SQL = Queries.of(__file__)


class _Replacement(msgspec.Struct):
    """The bytes of a correction's replacement, as received."""

    replacement: msgspec.Raw = msgspec.Raw(b"")


_decode_replacement = msgspec.json.Decoder(_Replacement).decode


@dataclass(slots=True)
class Effects:
    """What corrections change in the ledger: rows, and the causes of further rows.

    The stops of `lines` are united again. `priced` holds events that count now, at the rates in
    force. `once` holds the daily entries whose causing events may have changed.
    """

    rows: list[str] = field(default_factory=list)
    lines: Lines = field(default_factory=dict)
    priced: Batch = field(default_factory=Batch)
    causes: dict[str, Cause] = field(default_factory=dict)
    once: dict[str, Cause] = field(default_factory=dict)


async def correct(
    conn: Connection, new: list[Special], arrived: Collection[str], book: RateBook
) -> Effects:
    """Store new corrections and return the effects of these and of the events that have `arrived`.

    Call it once the events of the batch are in the ledger, including stops and unpriced events. It
    holds locks until the transaction ends, so that nobody else corrects the same events.
    """
    corrections = [(event, s) for s in new if isinstance(event := _read(s), Correction)]
    await _keep(conn, corrections)
    corrections = await _within_cap(conn, corrections, arrived)
    await _store_replacements(conn, corrections)
    new_ids = [*(event.event_id for event, _ in corrections), *arrived]
    reached = [row["id"] for row in await conn.fetch(*_SQL.related_ids(ids=new_ids))]
    related = await conn.fetch(*_SQL.related_corrections(ids=reached))
    if not related:
        return Effects()
    known = await conn.fetch(*_SQL.known_events(ids=sorted(related_ids(related))))
    ruling = rule_of(related, known)
    effects = Effects(causes=_causes(related, known, ruling))
    await _set_states(conn, related, ruling)
    # Not all corrections of an event that is only named were read: leave that event unchanged.
    whole = [k for k in known if k["event_type"] != "correction" and k["event_id"] in set(reached)]
    await _bring_about(conn, whole, ruling, effects, book)
    return effects


async def _within_cap(
    conn: Connection, corrections: list[tuple[Correction, Special]], arrived: Collection[str]
) -> list[tuple[Correction, Special]]:
    """The corrections within the limits. The others are stored as not applicable."""
    ids = [event.event_id for event, _ in corrections]
    rows = await conn.fetch(*_SQL.cap_corrections(added=ids, most=MOST, arrived=list(arrived)))
    beyond = {row["event_id"] for row in rows}
    within = [event_id for event_id in ids if event_id not in beyond]
    beyond |= {
        r["event_id"] for r in await conn.fetch(*_SQL.cap_connected(added=within, most=CONNECTED))
    }
    return [(event, s) for event, s in corrections if event.event_id not in beyond]


def _read(special: Special) -> Any:
    return decode_strictly(special.raw)


async def _keep(conn: Connection, corrections: list[tuple[Correction, Special]]) -> None:
    """Store corrections. The corrector is the authenticated sender, else the event's `source`."""
    await conn.executemany(
        *_SQL.add_corrections.rows(
            {
                "event_id": c.event_id, "corrects": c.corrects,
                **_replacement_fields(c.replacement),
                "occurred_at": c.occurred_at, "plant": c.plant, "line": c.line,
                "reason": c.reason, "booked_by": special.sent_by or c.source,
            }
            for c, special in corrections
        )
    )  # fmt: skip
    claimed = {c.corrects for c, _ in corrections}
    claimed |= {c.replacement.event_id for c, _ in corrections if c.replacement}
    if claimed:
        await conn.execute(*_SQL.claim_ids(ids=sorted(claimed)))


def _replacement_fields(replacement: Any) -> dict[str, str | None]:
    """The id, plant and line of the replacement; null for a correction without one."""
    event_id, plant, line = (
        getattr(replacement, name, None) for name in ("event_id", "plant", "line")
    )
    return {"replacement": event_id, "replacement_plant": plant, "replacement_line": line}


async def _store_replacements(
    conn: Connection, corrections: Iterable[tuple[Correction, Special]]
) -> None:
    """Store replacements as events of their own. The first event of an id wins, as always."""
    replacements: dict[str, tuple[Any, bytes, str | None]] = {}
    for correction, special in corrections:
        if correction.replacement is not None:
            payload = _replacement_in(special.raw)
            replacement = (correction.replacement, payload, special.sent_by)
            replacements.setdefault(correction.replacement.event_id, replacement)
    if not replacements:
        return
    fresh = await conn.fetch(*_SQL.claims_to_store(ids=sorted(replacements)))
    events = [replacements[row["event_id"]] for row in fresh]
    await conn.executemany(
        *_SQL.store_replacements.rows(
            {
                "event_id": e.event_id, "occurred_at": e.occurred_at, "event_type": e.event_type,
                "plant": e.plant, "line": e.line, "payload": payload.decode(), "sent_by": sent_by,
            }
            for e, payload, sent_by in events
        )
    )  # fmt: skip
    await add_problems(conn, [row for e, _, _ in events if (row := problem_row(e))])


def _replacement_in(raw: bytes) -> bytes:
    """The replacement's own bytes. They are encoded again if msgspec cannot read the correction,
    such as a NaN that a later number of the same name overrides."""
    try:
        return bytes(_decode_replacement(raw).replacement)
    except msgspec.DecodeError:
        return json.dumps(json.loads(raw)["replacement"], ensure_ascii=False).encode()


def related_ids(related: Iterable[Record]) -> set[str]:
    """The ids of corrections, of the events that they correct, and of their replacements."""
    names = ("event_id", "corrects", "replacement")
    return {row[name] for row in related for name in names if row[name] is not None}


def rule_of(related: Iterable[Any], known: Iterable[Any]) -> Ruling:
    """The ruling for rows of `copq.correction` and rows of the stored events."""
    reported = [
        ReportedCorrection(*(row[name] for name in ReportedCorrection.__dataclass_fields__))
        for row in related
    ]
    return rule(
        reported, {k["event_id"]: KnownEvent(k["plant"], k["line"], k["alone"]) for k in known}
    )


def _causes(related: Iterable[Record], known: Iterable[Record], ruling: Ruling) -> dict[str, Cause]:
    """For each event, the correction that makes it count or not count."""
    causes = {r["event_id"]: Cause(r["reason"], r["booked_by"], r["event_id"]) for r in related}
    before = {r["corrects"]: r["event_id"] for r in related if r["state"] == State.APPLIED}
    by = {k["event_id"]: ruling.cause(k["event_id"], before) for k in known}
    return {event_id: causes[cause] for event_id, cause in by.items() if cause is not None}


async def _set_states(conn: Connection, related: Iterable[Record], ruling: Ruling) -> None:
    states = [(row, *ruling.state(row["event_id"])) for row in related]
    await conn.executemany(
        *_SQL.set_correction_state.rows(
            {"event_id": row["event_id"], "state": state, "why": why}
            for row, state, why in states
            if (row["state"], row["why"]) != (state, why)
        )
    )


async def _bring_about(
    conn: Connection, events: list[Record], ruling: Ruling, effects: Effects, book: RateBook
) -> None:
    """Turn the ruling into rows and stops, for each event whose state differs from it."""
    stands = {e["event_id"]: ruling.stands(e["event_id"]) for e in events}
    times: dict[str, datetime] = {e["event_id"]: e["occurred_at"] for e in events}
    # This goes first: it waits for a transaction that is about to price one of these events.
    await conn.execute(
        *_SQL.drop_unpriced(ids=[i for i, standing in stands.items() if not standing])
    )
    held = {row["event_id"] for row in await conn.fetch(*_SQL.still_unpriced(ids=list(stands)))}
    stops = await _void_stops(conn, stands, times, effects, book)
    booked = await accounts(conn, {i: at for i, at in times.items() if i not in stops})
    standing = {event_id for event_id, account in booked.items() if account.standing_entries}
    for event_id in sorted(standing):
        if not stands[event_id]:
            _take_back(booked[event_id], effects)
    wanting = {i for i, stand in stands.items() if stand} - held - stops - standing
    last = {event_id: account.last for event_id, account in booked.items()}
    payloads = await _payloads(conn, {i: times[i] for i in sorted(wanting)})
    for event_id in sorted(wanting & booked.keys() - payloads.keys()):
        _restore(booked[event_id], effects)
    with localcontext(MONEY):
        for event_id, raw in payloads.items():
            _price(event_id, raw, last.get(event_id, 0), effects, book)
    for once, (_, ids) in effects.priced.once.items():
        effects.once.setdefault(once, effects.causes.get(min(ids), NO_CAUSE))


async def _void_stops(
    conn: Connection, stands: Mapping[str, bool], times: Mapping[str, datetime], effects: Effects,
    book: RateBook,
) -> set[str]:  # fmt: skip
    """Void stops, and restore others at the rate in force. Return the ids of all stops.

    A restored stop without a rate in force is held as unpriced.
    """
    voided = [not standing for standing in stands.values()]
    rows = await conn.fetch(*_SQL.void_stops(ids=list(stands), voided=voided))
    changed = [row for row in rows if row["changed"]]
    effects.lines = touched(
        (row["plant"], row["line"], row["started_at"], row["ended_at"]) for row in changed
    )
    back = {row["event_id"]: times[row["event_id"]] for row in changed if stands[row["event_id"]]}
    rates = Batch()
    with localcontext(MONEY):
        for raw in (await _payloads(conn, back)).values():
            rates.add(encode(raw, price(decode_strictly(raw), book)), known=True)
    await reprice_stops(conn, rates.special)
    bare = {i: s for i, s in rates.special.items() if s.outcome == Outcome.UNPRICED}
    effects.priced.special |= bare
    return {row["event_id"] for row in rows}


def _take_back(account: Account, effects: Effects) -> None:
    cause = effects.causes.get(account.entries[0]["event_id"], NO_CAUSE)
    effects.rows += account.withdrawn(cause)
    _touch_dispatches(account.standing_entries, cause, effects)


def _restore(account: Account, effects: Effects) -> None:
    """Book the last entries again. Without its bytes an event cannot be priced."""
    cause = effects.causes.get(account.entries[0]["event_id"], NO_CAUSE)
    effects.rows += account.restored(cause)
    _touch_dispatches(account.last_stood, cause, effects)


def _touch_dispatches(entries: Iterable[Entry], cause: Cause, effects: Effects) -> None:
    """Mark the days whose recoverable rejects have changed."""
    for entry in entries:
        if entry["recovered"] and entry["element"] in ("defect", "scrap"):
            day = Dispatch(entry["plant"], entry["line"], entry["product"], entry["day"])
            effects.once[day.id] = cause


async def _payloads(conn: Connection, times: Mapping[str, datetime]) -> dict[str, bytes]:
    """The bytes of events, given when each occurred, ordered by id; dropped ones are left out."""
    if not times:
        return {}
    rows = await conn.fetch(*_SQL.payloads_of(ids=list(times), times=list(times.values())))
    return {row["event_id"]: row["payload"].encode() for row in rows}


def _price(event_id: str, raw: bytes, last: int, effects: Effects, book: RateBook) -> None:
    """Price an event that counts again, at the rates in force when it occurred."""
    cause = effects.causes.get(event_id, NO_CAUSE)
    message = encode(raw, price(decode_strictly(raw), book))
    effects.priced.add(message, known=True, cause=cause, after=last)
