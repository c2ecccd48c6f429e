"""What figures are, and what they do not hold yet, in sentences."""

from collections.abc import Iterator, Sequence

from copq.figures.books import Reading
from copq.figures.hints import figures_span
from copq.figures.missing_exchange_rates import CONVERSION, MissingRates
from copq.figures.unpriced import WaitingCounts
from copq.ledger.figures import Scope
from copq.reporting.board.pages.asked import Asked
from copq.text.counts import count_of


def notes(
    waiting: WaitingCounts, lacks: Sequence[MissingRates] | None, basis: str
) -> Iterator[str]:
    """One sentence each: the basis, exchange rates that are missing, and what waits."""
    yield basis
    if lacks is not None:
        yield CONVERSION
    for lack in lacks or ():
        late = "Converted at a rate that came after the month was closed"
        yield f"{late if lack.late else 'No exchange rate'}: {lack}."
    for number, one, more in (
        (waiting.unpriced, "event without a price is", "events without a price are"),
        (waiting.corrections, "correction that waits is", "corrections that wait are"),
    ):
        if number:
            yield f"{count_of(number, one, more)} not in these figures."
    if waiting.open_stops:
        yield f"{count_of(waiting.open_stops, 'open stop counts', 'open stops count')} until now."


async def nothing_here(reading: Reading, scope: Scope) -> tuple[str, str]:
    """Why there are no figures, and the newest day with figures or nothing."""
    first, last = await figures_span(reading.conn, scope)
    if last is None:
        return "Nothing was booked yet for this selection.", ""
    return f"There are no figures in this window. The ledger has {first} to {last}.", str(last)


def instead(asked: Asked, why: str, name: str = "", **window: str | None) -> dict[str, str]:
    """Why the page is empty, and what to open instead: the same question of another window.

    No name: no window has figures.
    """
    href = f"{asked.path}?{asked.query(**window)}" if name else ""
    return {"why": why, "href": href, "name": name}
