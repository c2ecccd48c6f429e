"""Proof that the ledger still agrees with all signed-off figures."""

from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.ledger.difference import Difference
from copq.periods.period import month_name

_SQL = Queries.of(__file__)
_STATE = ("state", "closings", "first_closed_at", "booked_in", "steps")
_SAVING = (
    "project", "of_month", "type", "decision", "amount", "in_budget", "currency", "note",
    "decided_at", "decided_by",
)  # fmt: skip
_SUMS = (
    "entries", "quantity", "gross", "recovered", "allowed", "net", "seconds", "base", "good",
    "ungraded",
    "digest",
)  # fmt: skip


async def closed_periods(conn: Connection) -> list[Difference]:
    """All differences, in the caller's snapshot.

    It compares states with the steps that led to them, signed figures with the ledger and with
    their digest, signed savings with their validations, and entries with the months that were open
    when they were booked.
    """
    differences = [_side_difference("period", _month(row), row, ("step", "period"), _STATE)
             for row in await conn.fetch(*_SQL.verify_periods())]  # fmt: skip
    for row in await conn.fetch(*_SQL.verify_closings()):
        differences += await _closing(conn, row)
    return [
        *differences,
        *map(_saving, await conn.fetch(*_SQL.verify_savings())),
        *map(_booking_difference, await conn.fetch(*_SQL.verify_booked())),
    ]


async def _closing(conn: Connection, row: Record) -> list[Difference]:
    subject = {**_month(row), "closing": row["closing"]}
    if None in (row["done_at"], row["closed_at"]):
        done, stored = (
            {"closed_at": at} if at else None for at in (row["done_at"], row["closed_at"])
        )
        return [Difference("closing", subject, done, stored)]
    differences = _signature(subject, row)
    figures = await conn.fetch(
        *_SQL.verify_figures(
            plant=row["plant"], month=row["month"], closing=row["closing"],
            closed_at=row["done_at"],
        )
    )  # fmt: skip
    return differences + [_figure(subject, figure) for figure in figures]


def _signature(subject: dict[str, Any], row: Record) -> list[Difference]:
    """A difference if the stored figures of a closing do not have the signed digest."""
    expected = {"closed_at": row["done_at"], "digest": row["digest"]}
    stored = {"closed_at": row["closed_at"], "digest": row["kept_digest"]}
    return [] if expected == stored else [Difference("signed_off", subject, expected, stored)]


def _figure(subject: dict[str, Any], row: Record) -> Difference:
    names = ("of_month", "line", "product", "element", "category", "currency")
    of = {**subject, **{name: row[name] for name in names}, "of_month": month_name(row["of_month"])}
    return _side_difference("closing", of, row, ("ledger", "closing"), _SUMS)


def _saving(row: Record) -> Difference:
    month = row["month"] and month_name(row["month"])
    of = {"plant": row["plant"], "month": month}
    subject = {**of, "closing": row["closing"], "validation": row["validation"]}
    return _side_difference("closing_saving", subject, row, ("validation", "closing"), _SAVING)


def _side_difference(
    check: str, subject: dict[str, Any], row: Record, sides: tuple[str, str], names: tuple[str, ...]
) -> Difference:
    """The values that differ between two sides; None for a missing side."""
    present = [any(row[f"{side}_{name}"] is not None for name in names) for side in sides]
    differ = [n for n in names if row[f"{sides[0]}_{n}"] != row[f"{sides[1]}_{n}"]]
    values_of = [{n: row[f"{side}_{n}"] for n in differ} for side in sides]
    expected, found = (values if is_there else None
                       for values, is_there in zip(values_of, present, strict=True))  # fmt: skip
    return Difference(check, subject, expected, found)


def _month(row: Record) -> dict[str, Any]:
    return {"plant": row["plant"], "month": month_name(row["month"])}


def _booking_difference(row: Record) -> Difference:
    subject = {n: row[n] for n in ("plant", "event_id", "entry_no", "booked_at")}
    month, period = month_name(row["day"]), month_name(row["period"])
    if row["was_open"]:
        return Difference("booked_in", subject, {"period": month}, {"period": period})
    return Difference("booked_in", subject, {"period": "one that is open"}, {"period": period})
