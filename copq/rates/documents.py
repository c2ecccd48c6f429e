"""Rates as documents: submitted by one, approved by another, never changed afterwards."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from asyncpg import Connection, Record

from copq.access.authority import Actor, Place, sign
from copq.database.queries import Queries
from copq.rates.file import items_of
from copq.rates.revisions import (
    Imported,
    changed_items,
    current_revision,
    refuse_misfits,
    write_rates,
    writing,
)
from copq.schemas.rates import RateFile

_SQL = Queries.of(__file__)
JUMP = Decimal("0.25")
"""A figure that changes by more than a quarter is shown, unless the submitter says otherwise."""


class State(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    """Approved, and all of it begins later."""
    IN_FORCE = "in force"
    SUPERSEDED = "superseded"
    """None of its items is in force, and none will be."""
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class RateSubmission:
    """A submitted rate file: its content, its name, and its original bytes."""

    rates: RateFile
    name: str
    original: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """`alone`: submitted and approved in one step, before finance had tokens."""

    what: str
    by: str
    at: datetime
    why: str
    revision: int | None
    alone: bool
    concerns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A rate document with its current state. `told_apart`: its submitter has shown a token.

    `jump` is the share above which its submitter considers a change surprising.
    """

    number: int
    name: str
    state: State
    submitted_by: str
    submitted_at: datetime
    why: str
    told_apart: bool
    jump: Decimal
    decision: Decision | None


class NotPossible(Exception):
    """The decision on a document is not possible; the message says what to do."""


class NoDocument(NotPossible):
    """No document has this number."""


async def submit(
    conn: Connection, submission: RateSubmission, actor: Actor, why: str, jump: Decimal = JUMP
) -> int:
    """Store a draft and return its number.

    Raises `RateFileError` where it does not fit the book, `OutOfScope` where it changes rates of
    lines that the actor's token is not for.
    """
    async with conn.transaction():
        await sign(conn, actor, why)
        await refuse_misfits(conn, submission.rates)
        await check_scope(conn, submission.rates, actor)
        return await _add(conn, submission, actor, why, jump)


async def approve(
    conn: Connection, number: int, actor: Actor, why: str, reviewed: int,
    concerns: Sequence[str] = (),
) -> Imported:  # fmt: skip
    """Write a draft into the book under a new revision.

    `reviewed` is the revision of the book that the draft was compared with, `concerns` what was
    shown of it. Raises `NotPossible` where it is not a draft, the actor submitted it, or the book
    has changed since; `OutOfScope` where the actor's token is not for all that it changes;
    `RateFileError` where it does not fit the book any longer.
    """
    async with writing(conn):
        await sign(conn, actor, why)
        document = await one_document(conn, number)
        await check_approver(conn, document, actor)
        if await current_revision(conn) != reviewed:
            raise NotPossible(
                f"the rate book has changed since revision {reviewed}, which document {number} "
                f"was compared with: review it again"
            )
        imported = await write_rates(conn, await content(conn, number), document.name, actor.name)
        if not imported.changed:
            raise NotPossible(f"document {number} changes nothing in the book: reject it")
        await _decide(conn, number, "approved", actor, why, imported.revision, concerns=concerns)
        return imported


async def reject(conn: Connection, number: int, actor: Actor, why: str) -> State:
    """Turn a draft down; its submitter withdraws it. Raises `NotPossible`, `OutOfScope`."""
    async with writing(conn):
        await sign(conn, actor, why)
        document = await one_document(conn, number)
        _check_draft(document)
        state = State.WITHDRAWN if document.submitted_by == actor.name else State.REJECTED
        if state is State.REJECTED:
            await check_scope(conn, await content(conn, number), actor)
        await _decide(conn, number, state, actor, why, None)
        return state


async def import_alone(
    conn: Connection,
    submission: RateSubmission,
    actor: Actor,
    why: str,
    concerns: Sequence[str] = (),
) -> Imported:
    """Submit and approve in one step: for an actor without a token.

    A file that changes nothing makes no document. Raises `RateFileError`, `NotPossible`.
    """
    if actor.role is not None:
        raise NotPossible("finance has tokens: one person submits, another one approves")
    async with writing(conn):
        await sign(conn, actor, why)
        imported = await write_rates(conn, submission.rates, submission.name, actor.name)
        if imported.changed:
            number = await _add(conn, submission, actor, why)
            await _decide(
                conn, number, "approved", actor, why, imported.revision, True, concerns
            )  # fmt: skip
        return imported


async def import_rates(conn: Connection, rates: RateFile, source: str, by: str) -> Imported:
    """As `import_alone`, for rates that are not in a file."""
    from copq.rates.yaml_text import yaml_of  # slow to load, and used only here

    return await import_alone(
        conn,
        RateSubmission(rates, source, yaml_of(rates).encode()),
        Actor(by),
        f"import of {source}",
    )


async def documents(conn: Connection, now: datetime) -> list[Document]:
    """All documents, oldest first."""
    return await _read(conn, None, now)


async def one_document(conn: Connection, number: int, now: datetime | None = None) -> Document:
    """Raises `NoDocument`."""
    found = await _read(conn, number, now or await conn.fetchval("select now()"))
    if not found:
        raise no_document(number)
    return found[0]


def no_document(number: int) -> NoDocument:
    return NoDocument(f"there is no rate document {number}. See: copq rates documents")


async def content(conn: Connection, number: int) -> RateFile:
    """The rates of a document."""
    return RateFile.model_validate_json(
        await conn.fetchval(*_SQL.document_content(document=number))
    )


async def original(conn: Connection, number: int) -> bytes:
    """The submitted bytes."""
    found: bytes = await conn.fetchval(*_SQL.document_original(document=number))
    return found


def _check_draft(document: Document) -> None:
    if document.decision is not None:
        raise NotPossible(
            f"document {document.number} is {document.state} (by {document.decision.by}, "
            f"{document.decision.at:%Y-%m-%d}): submit a new one"
        )


async def check_approver(conn: Connection, document: Document, actor: Actor) -> None:
    """Raise `NotPossible` or `OutOfScope` unless the actor may approve the document."""
    _check_two_people(document, actor)
    await check_scope(conn, await content(conn, document.number), actor)


async def check_scope(conn: Connection, rates: RateFile, actor: Actor) -> None:
    """Raise `OutOfScope` for changes outside the actor's lines. Unchanged items do not count."""
    actor.require([_place(*changed) for changed in await changed_items(conn, rates)])


def places_of(rates: RateFile) -> set[Place]:
    """What the rates of a file are for."""
    return {_place(kind, item) for kind, _, _, item in items_of(rates)}


def _place(kind: str, item: Any) -> Place:
    """Rates without a plant are those of all plants; only a line's rates are of one line."""
    return item.plant, item.line if kind == "line_rate" else None


def _check_two_people(document: Document, actor: Actor) -> None:
    _check_draft(document)
    number, name = document.number, document.submitted_by
    if name == actor.name:
        raise NotPossible(
            f'document {number} was submitted by "{name}": another person approves it'
        )
    if actor.role is not None and not document.told_apart:
        raise NotPossible(
            f'document {number} was submitted by "{name}" without a token: nobody can tell who '
            "that was. Submit it again, with COPQ_TOKEN"
        )


async def _add(
    conn: Connection, submission: RateSubmission, actor: Actor, why: str, jump: Decimal = JUMP
) -> int:
    number: int = await conn.fetchval(
        *_SQL.add_document(
            name=submission.name,
            original=submission.original,
            content=submission.rates.model_dump_json(),
            submitted_by=actor.name,
            submitted_as=actor.role,
            why=why,
            jump=jump,
        ),
    )
    return number


async def _decide(
    conn: Connection, number: int, what: str, actor: Actor, why: str, revision: int | None,
    alone: bool = False, concerns: Sequence[str] = (),
) -> None:  # fmt: skip
    await conn.execute(
        *_SQL.add_decision(
            document=number,
            decision=what,
            revision=revision,
            decided_by=actor.name,
            decided_as=actor.role,
            why=why,
            alone=alone,
            concerns=json.dumps(list(concerns)),
        ),
    )


async def _read(conn: Connection, number: int | None, now: datetime) -> list[Document]:
    rows = await conn.fetch(*_SQL.all_documents(document=number))
    standing = _revision_states(await conn.fetch(*_SQL.item_spans()), now)
    return [_document(row, standing) for row in rows]


def _revision_states(spans: list[Record], now: datetime) -> dict[int, State]:
    """The state of each revision: in force if one of its items is, else approved if one will be."""
    found: dict[int, State] = {}
    for revision, start, until in spans:
        if start <= now and (until is None or now < until):
            found[revision] = State.IN_FORCE
        elif now < start and (until is None or start < until):
            found.setdefault(revision, State.APPROVED)
    return found


def _document(row: Record, standing: dict[int, State]) -> Document:
    what = row["decision"]
    if what is None:
        state, decision = State.DRAFT, None
    else:
        state = standing.get(row["revision"], State.SUPERSEDED) if row["revision"] else State(what)
        decision = Decision(
            what, row["decided_by"], row["decided_at"], row["decided_why"], row["revision"],
            row["alone"], tuple(json.loads(row["concerns"])),
        )  # fmt: skip
    return Document(
        row["document"], row["name"], state, row["submitted_by"], row["submitted_at"], row["why"],
        row["submitted_as"] is not None, row["jump"], decision,
    )  # fmt: skip
