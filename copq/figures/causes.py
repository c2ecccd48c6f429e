"""The main cause: the largest cost of a line in a window, since when, and whether it continues."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, localcontext

from asyncpg import Connection

from copq.database.queries import Queries
from copq.figures.trailing import Share
from copq.ledger.arithmetic import MONEY
from copq.ledger.downtime import element
from copq.posting.open_stops import Accrued
from copq.schemas.priced import FAILURES

_SQL = Queries.of(__file__)
GOES_ON = timedelta(minutes=10)
"""Single events, such as rejects, continue while the last one is no older than this."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A combination as in `drivers`, on one line.

    `since` is None for an old loss: it also occurred in an equally long time before the window.
    `until` is None while it continues.
    """

    line: str
    element: str
    stage: str | None
    defect_code: str | None
    work_unit: str | None
    net: Decimal
    since: datetime | None
    until: datetime | None

    @property
    def kind(self) -> tuple[str | None, ...]:
        return self.line, self.element, self.stage, self.defect_code, self.work_unit


async def main_causes(
    conn: Connection, plant: str, lines: Collection[str], start: datetime, end: datetime,
    accrued: Iterable[Accrued],
) -> dict[str, Cause]:  # fmt: skip
    """The largest loss of each line in (start, end]. A line without losses has no cause.

    It counts booked losses, and the part of the `accrued` costs of open stops in that time.
    """
    failures = [str(category) for category in FAILURES]
    rows = await conn.fetch(
        *_SQL.window_losses(
            plant=plant,
            lines=list(lines),
            start=start,
            end=end,
            categories=failures,
            goes_on=GOES_ON,
        )
    )
    by_kind = {cause.kind: cause for cause in (Cause(**row) for row in rows)}
    with localcontext(MONEY):
        for part in accrued:
            segment = part.segment
            inside = Share.of(segment.start, segment.end, start, end)
            if inside.part and part.plant == plant and part.line in lines:
                cause = _open(part, inside.share(part.cost), end)
                by_kind[cause.kind] = _together(by_kind.get(cause.kind), cause)
    return _worst(by_kind.values())


def _open(part: Accrued, net: Decimal, end: datetime) -> Cause:
    stop = part.segment.stop
    until = None if stop.ended_at == end else stop.ended_at
    kind = (part.line, element(stop), None, stop.defect_code, stop.work_unit)
    return Cause(*kind, net, stop.started_at, until)


def _together(known: Cause | None, more: Cause) -> Cause:
    if known is None:
        return more
    starts = [at for at in (known.since, more.since) if at is not None]
    ends = [at for at in (known.until, more.until) if at is not None]
    return replace(
        known, net=known.net + more.net, since=min(starts) if starts else None,
        until=max(ends) if len(ends) == 2 else None,
    )  # fmt: skip


def _worst(causes: Iterable[Cause]) -> dict[str, Cause]:
    """The largest loss of each line. Of equal losses, the first by name, so that the answer is
    stable."""
    worst: dict[str, Cause] = {}
    for cause in sorted(causes, key=lambda c: (-c.net, str(c.kind))):
        if cause.net > 0:
            worst.setdefault(cause.line, cause)
    return worst
