"""The formula of an entry: its numbers are those of the rates, its net is what is booked."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest

from copq.figures.entries import LedgerEntry
from copq.figures.explain import Explained, explain
from copq.figures.used_rates import UsedRates
from copq.ledger.arithmetic import MONEY
from copq.pricing.price import price
from copq.rates.book import RateBook, Versioned
from copq.rates.file import parse_rates
from copq.rates.store import book_of
from copq.schemas.decode import decode
from copq.schemas.priced import Outcome
from copq.schemas.rates import CostTable, LabourRate, ReturnScrap, ReworkRates
from tests.support.building import LONG_AGO, book, defect, event, production

AT = "2026-03-02T10:00:00+01:00"
VALVES = book_of(
    parse_rates((Path(__file__).parents[3] / "examples/tyre_valves/rates.yaml").read_text())
)
FULL: dict[str, Any] = {
    "rework_in_house": ReworkRates(labour=Decimal(1), material=Decimal(2), overhead=Decimal(3)),
    "rework_on_site": ReworkRates(labour=Decimal(2), material=Decimal(2), overhead=Decimal(3)),
    "return_scrap": ReturnScrap(
        price=Decimal(9), recovered=Decimal(2), recovery_overhead=Decimal("0.5")
    ),
    "price": Decimal("14.50"),
    "seconds_price": Decimal(6),
}


def booked(raw: bytes, rates: RateBook) -> list[LedgerEntry]:
    """The event's entries as the ledger has them."""
    found = decode(raw)
    with localcontext(MONEY):
        pricing = price(found, rates)
    assert pricing.outcome == Outcome.PRICED, pricing.reason
    return [
        LedgerEntry(
            exchange_rate=None, reporting_currency=None, exchange_version=None,
            event_id=entry.once or found.event_id, entry_no=number, reverses=None, reason=None,
            booked_by=None,
            corrected_by=None,
            occurred_at=entry.at or found.occurred_at, booked_at=datetime.now(UTC),
            received_at=None, event_type=found.event_type, plant=found.plant, line=found.line,
            product=found.product, stage=None if entry.once else found.stage,
            work_unit=None if entry.once else found.work_unit, defect_code=None,
            shift=None, supplier=None, payload=raw.decode(), period=entry.day.replace(day=1),
            **{f.name: getattr(entry, f.name) for f in fields(entry)
               if f.name not in ("at", "once")},
        )
        for number, entry in enumerate(pricing.entries, 1)
    ]  # fmt: skip


def why(entry: LedgerEntry, raw: bytes, rates: RateBook) -> Explained:
    """As the ledger explains it, with this book at hand for each version."""
    return explain(entry, decode(raw), UsedRates(entry, rates, rates, rates, rates))


def formulas(raw: bytes, rates: RateBook) -> list[str]:
    found = [why(entry, raw, rates) for entry in booked(raw, rates)]
    assert all(one.agrees for one in found), found
    return [one.formula for one in found]


def test_rejects_with_recovery_as_in_the_published_table() -> None:
    raw = defect("d", "2017-03-06T10:00:00+05:30", 3, plant="mysuru", line="valves",
                 product="TR29", stage="P3")  # fmt: skip
    plain = RateBook(
        1,
        [site.plant for site in VALVES.sites.values()],
        [v_without_allowance(VALVES)],
    )
    assert formulas(raw, plain) == [
        "3 pcs × 9.39 = 28.17; recovered 3 × 0.60 × 5.06 = 9.11; net 19.06"
    ]
    rejection, dispatch = formulas(raw, VALVES)
    assert rejection.endswith("; allowed 0.34 % of 19.06 = 0.06; net 19.00")
    assert dispatch == (
        "1 dispatch of the day's recoverable rejects × 100.00 = 100.00; "
        "allowed 0.34 % of 100.00 = 0.34; net 99.66"
    )


def v_without_allowance(rates: RateBook) -> Any:
    history = rates.tables_of("mysuru", "TR29")
    assert history is not None
    [found] = history.all()
    bare = {"allowed_rejection": Decimal(0), "recovery_overhead_per_day": Decimal(0)}
    return replace(found, item=found.item.model_copy(update=bare))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (production("p", AT, 1250), ["base: 1,250 pcs × 10 = 12,500.00"]),
        (
            production("p", AT, 5, stage="S1"),
            ["5 pcs, at a stage or machine before the end: no base"],
        ),
        (
            event("scrap", "s", occurred_at=AT, product="widget", quantity="2.5"),
            ["2.5 pcs × 10 = 25.00"],
        ),
        (
            event("rework", "r", occurred_at=AT, product="widget", quantity=4),
            ["4 pcs × (1 + 2 + 3) = 24.00"],
        ),
        (
            event("rework", "r", occurred_at=AT, product="widget", quantity=4, minutes=30,
                  out_of_pocket=5),
            ["30 min × 1 (standard labour) + 4 pcs × (2 + 3) + 5 out of pocket = 55.00"],
        ),
        (
            event("downgrade", "g", occurred_at=AT, product="widget", quantity=2),
            ["2 pcs × (14.50 − 6) = 17.00"],
        ),
        (
            event("return", "b", occurred_at=AT, product="widget", quantity=10, scrapped=4,
                  transport=7),
            ["6 pcs × (1 + 2 + 3) + 7 transport = 43.00", "4 pcs × (9 − 2 + 0.5) = 30.00"],
        ),
        (
            event("return", "b", occurred_at=AT, product="widget", quantity=3, on_site=True,
                  travel=9),
            ["3 pcs × (2 + 2 + 3) + 9 travel = 30.00"],
        ),
        (
            event("recovery", "v", occurred_at=AT, out_of_pocket=20, credit=50),
            ["20 spent − 50 credited = −30.00"],
        ),
        (
            event("complaint", "c", occurred_at=AT, minutes=15, out_of_pocket="2.5"),
            ["15 min × 1 (standard labour) + 2.5 out of pocket = 17.50"],
        ),
        (event("warranty", "w", occurred_at=AT, out_of_pocket=99), ["99 out of pocket = 99.00"]),
        (
            event("inspection", "i", occurred_at=AT, minutes=7),
            ["7 min × 1 (standard labour) = 7.00"],
        ),
        (
            event("admin_failure", "a", occurred_at=AT, product="widget", quantity=3),
            ["3 pcs × 10 = 30.00"],
        ),
    ],
)  # fmt: skip
def test_each_kind_of_event_has_its_formula(raw: bytes, said: list[str]) -> None:
    assert formulas(raw, book(**FULL)) == said


def test_recovery_is_no_more_than_the_unit_cost() -> None:
    rates = book(recovery_rate="1", input_raw_material="20")
    assert formulas(defect("d", AT, 2), rates) == [
        "2 pcs × 10 = 20.00; recovered 2 × 1 × 20 = 20.00, no more than it cost; net 0.00"
    ]


def test_an_entry_that_does_not_come_out_says_so() -> None:
    [entry] = booked(defect("d", AT, 3), book())
    wrong = replace(entry, gross=Decimal(31), net=Decimal(31))
    found = why(wrong, defect("d", AT, 3), book())
    assert found.agrees is False
    assert found.note == "the booked net is 31.00, but version 1 of the cost table gives 30.00"


def test_an_entry_is_explained_by_the_versions_that_it_names() -> None:
    """Whatever the book of those versions holds besides."""
    raw = event("rework", "r", occurred_at=AT, product="widget", quantity=4, minutes=30)
    first = book(**FULL)
    [entry] = booked(raw, first)
    labour = LabourRate(plant="north", effective_from=LONG_AGO, rate_per_minute=Decimal(9))
    later = RateBook(
        2,
        [first.sites["north"].plant],
        [Versioned(1, first_table(first))],
        [],
        [Versioned(2, labour)],
    )
    old = explain(entry, decode(raw), UsedRates(entry, later, first, first, first))
    assert old.agrees and [(u.kind, u.version) for u in old.used] == [
        ("cost table", 1), ("labour rate", 1),
    ]  # fmt: skip
    new = replace(entry, labour_version=2, gross=entry.gross + 240, net=entry.net + 240)
    found = explain(new, decode(raw), UsedRates(new, later, first, later))
    assert found.agrees and [u.version for u in found.used] == [1, 2]


def first_table(rates: RateBook) -> CostTable:
    history = rates.tables_of("north", "widget")
    assert history is not None
    return history.all()[0].item


def test_an_entry_shows_its_exchange_rate_and_its_version() -> None:
    [entry] = booked(defect("d", AT, 3), book())
    euro = replace(
        entry, exchange_rate=Decimal("1.0834"), reporting_currency="USD", exchange_version=4
    )
    assert why(euro, defect("d", AT, 3), book()).terms[-1] == (
        "1 EUR = 1.0834 USD on 2026-03-02, version 4 of the exchange rates: net 32.50 USD"
    )
    bare = replace(entry, reporting_currency="USD")
    assert "no exchange rate into USD" in why(bare, defect("d", AT, 3), book()).terms[-1]


def test_without_its_rate_it_says_that_it_cannot_tell() -> None:
    [entry] = booked(defect("d", AT, 3), book())
    found = explain(entry, None, UsedRates(entry, book(), book()))
    assert (found.agrees, found.formula) == (None, "net 30.00")
