"""Corrections into the ledger: what is in force is worked out, and the ledger brought to it.

Each step brings about a state, whatever was there before: so it does not matter in which order
corrections and events came, nor how often.
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
    """What corrections do to the ledger, as rows and as what makes rows.

    `lines` are to be united again; `priced` holds events that come to stand, or
    stand again, at the rates in force now; `once` are the daily entries that may have lost or
    found an event to cause them.
    """

    rows: list[str] = field(default_factory=list)
    lines: Lines = field(default_factory=dict)
    priced: Batch = field(default_factory=Batch)
    causes: dict[str, Cause] = field(default_factory=dict)
    once: dict[str, Cause] = field(default_factory=dict)


async def correct(
    conn: Connection, new: list[Special], arrived: Collection[str], book: RateBook
) -> Effects:
    """Keep new corrections, and work out what follows from them and from what has `arrived`.

    Call it once the events of the batch are in the ledger, the stops and the unpriced among them.
    Holds, until the transaction ends, what keeps others from doing the same.
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
    # Of an event that was named alone not all corrections were read: it stays as it is.
    whole = [k for k in known if k["event_type"] != "correction" and k["event_id"] in set(reached)]
    await _bring_about(conn, whole, ruling, effects, book)
    return effects


async def _within_cap(
    conn: Connection, corrections: list[tuple[Correction, Special]], arrived: Collection[str]
) -> list[tuple[Correction, Special]]:
    """Those that are looked at: the others are kept as not applicable."""
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
    """Who corrects is who was let in, else who the event says reported it."""
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
    """Its id and its place; null where a correction brings none."""
    event_id, plant, line = (
        getattr(replacement, name, None) for name in ("event_id", "plant", "line")
    )
    return {"replacement": event_id, "replacement_plant": plant, "replacement_line": line}


async def _store_replacements(
    conn: Connection, corrections: Iterable[tuple[Correction, Special]]
) -> None:
    """As events of their own, with their own bytes: the first of an id, as ever."""
    found: dict[str, tuple[Any, bytes, str | None]] = {}
    for correction, special in corrections:
        if correction.replacement is not None:
            payload = _replacement_in(special.raw)
            replacement = (correction.replacement, payload, special.sent_by)
            found.setdefault(correction.replacement.event_id, replacement)
    if not found:
        return
    fresh = await conn.fetch(*_SQL.claims_to_store(ids=sorted(found)))
    events = [found[row["event_id"]] for row in fresh]
    await conn.executemany(
        *_SQL.store_replacements.rows(
            {
                "event_id": e.event_id, "occurred_at": e.occurred_at, "event_type": e.event_type,
                "plant": e.plant, "line": e.line, "payload": payload.decode(), "sent_by": sent_by,
            }
            for e, payload, sent_by in events
        )
    )  # fmt: skip


def _replacement_in(raw: bytes) -> bytes:
    """Its own bytes; made again where pydantic reads what msgspec does not, as NaN before a number
    of the same name."""
    try:
        return bytes(_decode_replacement(raw).replacement)
    except msgspec.DecodeError:
        return json.dumps(json.loads(raw)["replacement"], ensure_ascii=False).encode()


def related_ids(related: Iterable[Record]) -> set[str]:
    """The ids of corrections, of what they correct, and of what they bring."""
    names = ("event_id", "corrects", "replacement")
    return {row[name] for row in related for name in names if row[name] is not None}


def rule_of(related: Iterable[Any], known: Iterable[Any]) -> Ruling:
    """The ruling on rows of `copq.correction`, given rows of the events that are stored."""
    reported = [
        ReportedCorrection(*(row[name] for name in ReportedCorrection.__dataclass_fields__))
        for row in related
    ]
    return rule(
        reported, {k["event_id"]: KnownEvent(k["plant"], k["line"], k["alone"]) for k in known}
    )


def _causes(related: Iterable[Record], known: Iterable[Record], ruling: Ruling) -> dict[str, Cause]:
    """Of each event the correction because of which it stands, or does not."""
    told = {r["event_id"]: Cause(r["reason"], r["booked_by"], r["event_id"]) for r in related}
    before = {r["corrects"]: r["event_id"] for r in related if r["state"] == State.APPLIED}
    by = {k["event_id"]: ruling.cause(k["event_id"], before) for k in known}
    return {event_id: told[cause] for event_id, cause in by.items() if cause is not None}


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
    """What should stand and does not, or the other way round, becomes rows and stops."""
    stands = {e["event_id"]: ruling.stands(e["event_id"]) for e in events}
    times: dict[str, datetime] = {e["event_id"]: e["occurred_at"] for e in events}
    # First, since it waits for a transaction that is about to price one of them.
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
    found = await _payloads(conn, {i: times[i] for i in sorted(wanting)})
    for event_id in sorted(wanting & booked.keys() - found.keys()):
        _restore(booked[event_id], effects)
    with localcontext(MONEY):
        for event_id, raw in found.items():
            _price(event_id, raw, last.get(event_id, 0), effects, book)
    for once, (_, ids) in effects.priced.once.items():
        effects.once.setdefault(once, effects.causes.get(min(ids), NO_CAUSE))


async def _void_stops(
    conn: Connection, stands: Mapping[str, bool], times: Mapping[str, datetime], effects: Effects,
    book: RateBook,
) -> set[str]:  # fmt: skip
    """Those that stand again have the rate in force now; one that has none is kept no more."""
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
    """As it last stood: without its bytes an event cannot be priced."""
    cause = effects.causes.get(account.entries[0]["event_id"], NO_CAUSE)
    effects.rows += account.restored(cause)
    _touch_dispatches(account.last_stood, cause, effects)


def _touch_dispatches(entries: Iterable[Entry], cause: Cause, effects: Effects) -> None:
    """Days that have lost or found something recoverable."""
    for entry in entries:
        if entry["recovered"] and entry["element"] in ("defect", "scrap"):
            day = Dispatch(entry["plant"], entry["line"], entry["product"], entry["day"])
            effects.once[day.id] = cause


async def _payloads(conn: Connection, times: Mapping[str, datetime]) -> dict[str, bytes]:
    """The bytes of events that occurred at these times, in the order of their ids; of those whose
    bytes no retention has dropped."""
    if not times:
        return {}
    rows = await conn.fetch(*_SQL.payloads_of(ids=list(times), times=list(times.values())))
    return {row["event_id"]: row["payload"].encode() for row in rows}


def _price(event_id: str, raw: bytes, last: int, effects: Effects, book: RateBook) -> None:
    """An event that stands now, with the table in force when it occurred."""
    cause = effects.causes.get(event_id, NO_CAUSE)
    message = encode(raw, price(decode_strictly(raw), book))
    effects.priced.add(message, known=True, cause=cause, after=last)
