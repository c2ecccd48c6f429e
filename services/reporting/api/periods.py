"""`/v1/periods`: which months are closed, and what they were first reported as."""

from fastapi import APIRouter, Request, Response

from services.figures.answers import held_json
from services.figures.edges import in_range
from services.figures.names import check_names
from services.figures.unpriced import count_waiting
from services.ledger.figures import Scope
from services.periods import answers
from services.periods.period import month_of
from services.periods.store import periods
from services.reporting import parameters as asked
from services.reporting.api import examples
from services.reporting.formats import as_csv, as_json, wants_csv
from services.reporting.source import Source

_COLUMNS = (
    "plant", "month", "state", "closings", "first_closed_at", "booked_in", "currency",
    "first_reported", "restated", "provisional", "difference", "booked", "late", "signed",
)  # fmt: skip


def add_periods(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/periods",
        summary="Months: open, closed, locked",
        description=examples.PERIODS,
        responses=examples.answers(examples.PERIODS_ANSWER),
    )
    async def all_periods(
        request: Request, plant: asked.Plant = None, month: asked.Month = "",
        kind: asked.Format = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        async with source.reading(reader) as reading:
            await check_names(reading.conn, reading.book, plant, None, None)
            wanted = in_range(month_of(month), month) if month else None
            found = await periods(reading.conn, reading.book, reading.now, plant, wanted)
            rows = [answers.summary_json(one) for one in found]
            if wants_csv(request, kind):
                return as_csv("copq-periods", rows, _COLUMNS)
            waiting = held_json(await count_waiting(reading.conn, Scope(plant), reading.now))
            return as_json({"at": reading.now, "rows": rows, **waiting})
