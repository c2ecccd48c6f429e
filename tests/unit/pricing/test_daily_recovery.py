"""The dispatch of a day's rejects is one cost, whatever is reported, and in whatever order."""

from datetime import datetime
from itertools import permutations

from copq.rates.book import RateBook
from copq.rates.file import parse_rates
from copq.rates.store import book_of
from copq.schemas.priced import Entry
from tests.support.costing.rows import BOOK, priced

TABLES = """
time_zone: Europe/Berlin
plants: [{plant: hamburg, time_zone: Europe/Berlin, day_start: "06:00", currency: EUR}]
cost_tables:
  - {product: bottle, effective_from: 2026-01-01, currency: %s, recovery_rate: 0.5,
     recovery_overhead_per_day: 7, stages: [{stage: whole, raw_material: 4}]}
  - {product: bottle, effective_from: 2026-01-31T12:00:00, currency: EUR, recovery_rate: 0.5,
     recovery_overhead_per_day: 9, stages: [{stage: whole, raw_material: 4}]}
"""
CHANGED_AT_NOON = book_of(parse_rates(TABLES % "EUR"))


def dispatch(at: str, book: RateBook = CHANGED_AT_NOON, **said: str) -> list[Entry]:
    where = {"line": "filling", "product": "bottle", **said}
    found = priced("scrap", book, quantity=1, occurred_at=f"{at}+01:00", **where).entries
    return [entry for entry in found if entry.once]


def test_the_table_as_the_day_starts_speaks_for_the_day() -> None:
    before, after = dispatch("2026-01-31T11:59:59"), dispatch("2026-01-31T12:00:00")
    assert before == after
    assert [entry.gross for entry in before] == [7]


def test_the_day_after_has_the_new_table() -> None:
    [night], [morning] = dispatch("2026-02-01T05:59:59"), dispatch("2026-02-01T06:00:00")
    assert night.gross == 7
    assert morning.gross == 9
    assert night.once != morning.once


def test_any_order_of_a_day_books_the_same() -> None:
    times = ("2026-01-31T06:00:00", "2026-01-31T12:00:00", "2026-02-01T05:59:59")
    for order in permutations(times):
        booked: dict[str | None, Entry] = {}
        for at in order:
            for entry in dispatch(at):
                booked.setdefault(entry.once, entry)
        assert [entry.gross for entry in booked.values()] == [7]


def test_it_happens_as_the_day_starts() -> None:
    [entry] = dispatch("2026-02-01T03:00:00")
    assert entry.at == entry.hour == datetime.fromisoformat("2026-01-31T06:00:00+01:00")
    assert entry.day.isoformat() == "2026-01-31"


def test_each_line_and_each_product_has_its_own() -> None:
    at = "2026-01-31T12:00:00"
    keys = {
        dispatch(at, BOOK, line=line, plant=plant, product="bottle")[0].once
        for plant, line in (("hamburg", "filling"), ("hamburg", "packing"), ("lyon", "filling"))
    }
    assert len(keys) == 3


def test_a_slash_in_a_name_makes_no_two_lines_one() -> None:
    rates = TABLES.replace("plant: hamburg", 'plant: "%s"') % ("%s", "EUR")
    [one] = dispatch(
        "2026-01-31T12:00:00", book_of(parse_rates(rates % "a")), plant="a", line="b/c"
    )
    [two] = dispatch(
        "2026-01-31T12:00:00", book_of(parse_rates(rates % "a/b")), plant="a/b", line="c"
    )
    assert one.once != two.once


def test_a_table_that_begins_within_the_day_speaks_where_none_did() -> None:
    rates = TABLES.replace("effective_from: 2026-01-01,", "effective_from: 2026-02-07,") % "EUR"
    [entry] = dispatch("2026-01-31T13:00:00", book_of(parse_rates(rates)))
    assert entry.gross == 9


def test_a_table_in_another_currency_books_nothing() -> None:
    assert dispatch("2026-01-31T13:00:00", book_of(parse_rates(TABLES % "USD"))) == []
