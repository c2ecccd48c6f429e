"""The page `/finance/unpriced`: what is missing from the figures, or only provisional."""

from decimal import Decimal

from fastapi import APIRouter, Request, Response

from copq.desk.pages.frame import DeskPages
from copq.figures.unpriced import UnpricedGroup, waiting_items
from copq.reporting.board.pages.cells import NONE, exact_text

PATH = "/finance/unpriced"
_MOST = 200


def add_waiting(router: APIRouter, pages: DeskPages) -> None:
    @router.get(PATH)
    async def waiting(request: Request) -> Response:
        bearer = await pages.person(request)
        plant = pages.plant(request)
        async with pages.source.reading(bearer) as reading:
            found = await waiting_items(reading.conn, reading.book, reading.now, _MOST, plant)
        return pages.show(
            request, bearer, "unpriced.html", PATH, found=found, about=_about, rates=_nearest,
            money=exact_text, worth=_sums(found.unpriced.worth), cost=_sums(found.open_stops.cost),
        )  # fmt: skip


def _sums(amounts: dict[str, Decimal]) -> str:
    return " + ".join(f"{exact_text(of, name)} {name}" for name, of in sorted(amounts.items()))


def _about(amount: Decimal | None, group: UnpricedGroup) -> str:
    if amount is None:
        return "unknown"
    some = f" + {group.unknown:,} unknown" if group.unknown else ""
    return f"{exact_text(amount, group.currency or '')} {group.currency}{some}"


def _nearest(group: UnpricedGroup) -> str:
    """From when the nearest rates are in force; a dash where there are none."""
    if group.nearest_from is None or group.nearest_to is None:
        return NONE
    start, end = f"{group.nearest_from:%Y-%m-%d}", f"{group.nearest_to:%Y-%m-%d}"
    return start if start == end else f"{start} to {end}"
