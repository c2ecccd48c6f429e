"""A plant whose country joins the euro: what is priced in which currency, and what is refused."""

from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

import pytest

from copq.access.authority import Actor
from copq.figures.books import Books
from copq.figures.entries import EntryFilter as AskedEntries
from copq.figures.entries import all_entries
from copq.figures.explaining import explain_entries
from copq.figures.report import ReportQuery, report
from copq.figures.verify import verify
from copq.ledger.arithmetic import MONEY
from copq.posting.late_pricing import settle
from copq.posting.post import prepare
from copq.pricing.price import price
from copq.rates.book import RateBook
from copq.rates.documents import JUMP
from copq.rates.file import RateFileError, parse_rates
from copq.rates.formats import Format, read_rates, write_rates_to
from copq.rates.review import review
from copq.rates.store import book_of, file_of, import_rates, load
from copq.repricing.applying import apply
from copq.repricing.reach import RepricingScope
from copq.schemas.decode import decode
from copq.schemas.priced import Outcome, Pricing
from tests.support.building import event, post_events

BEFORE = """
time_zone: Europe/Zagreb
plants: [{plant: zagreb, time_zone: Europe/Zagreb, day_start: "06:00", currency: HRK}]
cost_tables:
  - {product: cap, effective_from: 2022-01-01, currency: HRK,
     stages: [{stage: done, raw_material: 75.345}]}
line_rates: [{plant: zagreb, line: A, effective_from: 2022-01-01, rate_per_minute: 15}]
labour_rates: [{plant: zagreb, effective_from: 2022-01-01, rate_per_hour: 150}]
"""
CHANGE = """
time_zone: Europe/Zagreb
plant_currencies: [{plant: zagreb, effective_from: 2023-01-01, currency: EUR}]
"""
SUCCESSORS = """
time_zone: Europe/Zagreb
cost_tables:
  - {product: cap, effective_from: 2023-01-01, currency: EUR,
     stages: [{stage: done, raw_material: 10}]}
line_rates: [{plant: zagreb, line: A, effective_from: 2023-01-01, rate_per_minute: 2}]
labour_rates: [{plant: zagreb, effective_from: 2023-01-01, rate_per_hour: 20}]
"""
LAST, FIRST = "2022-12-31T23:59:59+01:00", "2023-01-01T00:00:00+01:00"


def together(*texts: str) -> RateBook:
    parts = [parse_rates(text) for text in texts]
    whole = parts[0]
    for part in parts[1:]:
        lists = ("plant_currencies", "cost_tables", "line_rates", "labour_rates")
        more = {name: getattr(whole, name) + getattr(part, name) for name in lists}
        whole = whole.model_copy(update=more)
    return book_of(whole)


def raw(kind: str, name: str, at: str, **facts: Any) -> bytes:
    when = {"started_at": at} if kind == "downtime" else {"occurred_at": at}
    return event(kind, name, plant="zagreb", line="A", **when, **facts)


def priced(book: RateBook, kind: str, at: str, **facts: Any) -> Pricing:
    with localcontext(MONEY):
        return price(decode(raw(kind, "e", at, **facts)), book)


KINDS: list[tuple[str, dict[str, Any], str, str]] = [
    ("scrap", {"product": "cap", "quantity": 2}, "150.690", "20"),
    ("inspection", {"minutes": 30}, "75", "10"),
    ("warranty", {"out_of_pocket": 7}, "7", "7"),
]


@pytest.mark.parametrize(("kind", "facts", "kuna", "euro"), KINDS)
def test_an_event_is_priced_in_the_currency_in_force_as_it_occurs(
    kind: str, facts: dict[str, Any], kuna: str, euro: str
) -> None:
    book = together(BEFORE, CHANGE, SUCCESSORS)
    [old], [new] = (priced(book, kind, at, **facts).entries for at in (LAST, FIRST))
    assert (old.currency, old.gross) == ("HRK", Decimal(kuna))
    assert (new.currency, new.gross) == ("EUR", Decimal(euro))


def test_a_stop_costs_in_the_currency_in_which_it_began() -> None:
    book = together(BEFORE, CHANGE, SUCCESSORS)
    old, new = (priced(book, "downtime", at).stop for at in (LAST, FIRST))
    assert old and new
    assert (old.currency, old.per_hour, new.currency, new.per_hour) == ("HRK", 900, "EUR", 120)


@pytest.mark.parametrize(
    ("kind", "facts", "says"),
    [
        ("scrap", {"product": "cap", "quantity": 2}, "is in HRK, plant"),
        ("inspection", {"minutes": 30}, "labour rate of grade"),
        ("downtime", {}, "line rate of"),
    ],
)
def test_a_rate_of_the_old_currency_prices_nothing_after_the_change(
    kind: str, facts: dict[str, Any], says: str
) -> None:
    found = priced(together(BEFORE, CHANGE), kind, FIRST, **facts)
    assert found.outcome == Outcome.UNPRICED and found.reason
    assert says in found.reason and "in EUR" in found.reason
    assert priced(together(BEFORE, CHANGE), kind, LAST, **facts).outcome != Outcome.UNPRICED


def test_the_review_names_what_the_change_leaves_behind() -> None:
    now = datetime(2022, 11, 1, tzinfo=UTC)
    found = review(together(BEFORE), parse_rates(CHANGE), JUMP, now).concerns
    said = "\n".join(map(str, found))
    assert said.count("currency: ") == 2 and "prices nothing from then on" in said
    assert 'line rate "A"' in said and 'labour rate "standard"' in said


def test_a_currency_has_no_end() -> None:
    text = CHANGE.replace("currency: EUR", "currency: EUR, effective_to: 2024-01-01")
    with pytest.raises(RateFileError, match="leave it out"):
        parse_rates(text)


@pytest.mark.parametrize("form", Format)
def test_every_format_keeps_it(tmp_path: Any, form: Format) -> None:
    rates = file_of(together(BEFORE, CHANGE, SUCCESSORS))
    path = tmp_path / ("rates" if form is Format.CSV else f"rates.{form}")
    write_rates_to(path, form, rates)
    assert read_rates(path).rates == rates


async def test_reports_have_a_row_a_currency_and_a_late_change_is_repriced(
    conn: Any, database: str
) -> None:
    """The change comes when January is booked in kuna already."""
    await prepare(conn)
    scrap = {"product": "cap", "quantity": 2}
    await import_rates(conn, parse_rates(BEFORE), "before", "finance")
    events = [raw("scrap", "old", LAST, **scrap), raw("scrap", "new", FIRST, **scrap)]
    await post_events(conn, await load(conn), events)
    await import_rates(conn, parse_rates(CHANGE), "change", "finance")
    await import_rates(conn, parse_rates(SUCCESSORS), "successors", "finance")
    await settle(conn, await load(conn))
    await apply(database, RepricingScope(), Actor("finance"), "euro", lambda _: None)
    now = datetime(2023, 2, 1, tzinfo=UTC)
    query = ReportQuery(by=(), grain="month", plant="zagreb")
    rows = await report(conn, await load(conn), query, now)
    found = {(str(row.bucket), row.currency): row.copq for row in rows if row.copq}
    assert sum(found.values()) == Decimal("170.69") and len(found) == 2
    at = await conn.fetchval("select clock_timestamp()")
    async for page in all_entries(conn, AskedEntries(), at):
        assert all(why.agrees for _, why in await explain_entries(conn, Books(), page.entries))
    assert await verify(conn) == []
