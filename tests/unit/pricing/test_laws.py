"""Laws of pricing, for any rates and any event."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from decimal import localcontext
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from copq.ledger.arithmetic import MONEY
from copq.pricing.price import price
from copq.rates.store import book_of
from copq.schemas.events import EVENT
from copq.schemas.fields import MAX_MINUTES, MAX_QUANTITY
from copq.schemas.priced import Entry, Outcome
from copq.schemas.rates import RateFile

AT = datetime(2026, 1, 31, 13, 5, tzinfo=UTC)


def amounts(most: D, places: int = 6) -> st.SearchStrategy[D]:
    """Any amount, and often the largest with the most decimal places that is allowed."""
    largest = most - D(1).scaleb(-places)
    return st.one_of(st.sampled_from([D(0), D(1).scaleb(-places), largest, most]),
                     st.decimals(0, most, places=places))  # fmt: skip


money, quantities, minutes = amounts(D(10) ** 9, 8), amounts(MAX_QUANTITY), amounts(MAX_MINUTES)
shares = amounts(D(1), 8)
per_unit = st.fixed_dictionaries({"labour": money, "material": money, "overhead": money})
tables = st.fixed_dictionaries({
    "product": st.just("bottle"), "currency": st.just("EUR"),
    "effective_from": st.just("2026-01-01T00:00:00Z"),
    "input_raw_material": st.none() | money,
    "stages": st.lists(
        st.fixed_dictionaries(
            {"raw_material": money, "labour_overhead": money, "fixed_overhead": money}
        ), min_size=1, max_size=3,
    ).map(lambda found: [{"stage": f"s{n}", **stage} for n, stage in enumerate(found)]),
    "recovery_rate": shares, "recovery_overhead_per_day": money, "allowed_rejection": shares,
    "rework_in_house": per_unit, "rework_on_site": per_unit, "price": money, "seconds_price": money,
    "return_scrap": st.fixed_dictionaries(
        {"price": money, "recovered": money, "recovery_overhead": money}
    ),
})  # fmt: skip
rates = st.fixed_dictionaries({
    "plants": st.just(
        [{"plant": "p", "time_zone": "UTC", "day_start": "00:00", "currency": "EUR"}]
    ),
    "cost_tables": tables.map(lambda table: [table]),
    "labour_rates": money.map(
        lambda rate: [{"plant": "p", "rate_per_minute": rate, "effective_from": AT}]
    ),
})  # fmt: skip
WHERE = {"event_id": "e", "occurred_at": AT, "plant": "p", "line": "l", "product": "bottle"}
SAID: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "production": {}, "defect": {"stage": st.just("s0")}, "scrap": {}, "downgrade": {},
    "rework": {"minutes": st.none() | minutes, "out_of_pocket": quantities},
    "recovery": {"out_of_pocket": quantities, "credit": quantities.filter(bool)},
    "return": {"transport": quantities, "scrapped": st.just(D(0))},
    "complaint": {"minutes": minutes, "out_of_pocket": quantities.filter(bool)},
    "admin_failure": {"minutes": minutes, "out_of_pocket": quantities},
}  # fmt: skip


@st.composite
def events(draw: st.DrawFn, *types: str) -> dict[str, Any]:
    event_type = draw(st.sampled_from(types or sorted(SAID)))
    said = {name: draw(strategy) for name, strategy in SAID[event_type].items()}
    return {**WHERE, "event_type": event_type, "quantity": draw(quantities.filter(bool)), **said}


def entries(event: dict[str, Any], rate_file: dict[str, Any]) -> list[Entry]:
    """Priced where every rounding raises."""
    with localcontext(MONEY):
        pricing = price(EVENT.validate_python(event), book_of(RateFile.model_validate(rate_file)))
    assert pricing.outcome == Outcome.PRICED, pricing.reason
    return pricing.entries


@given(events(), rates)
def test_net_is_gross_less_recovered_less_allowed_exactly(event: Any, rate_file: Any) -> None:
    with localcontext(MONEY):
        for entry in entries(event, rate_file):
            assert entry.net == entry.gross - entry.recovered - entry.allowed


@given(events("defect", "scrap", "return"), rates)
def test_rejection_never_earns_and_the_parts_never_exceed_it(event: Any, rate_file: Any) -> None:
    with localcontext(MONEY):
        for entry in entries(event, rate_file):
            assert 0 <= entry.recovered <= entry.gross
            assert 0 <= entry.allowed <= entry.gross - entry.recovered
            assert entry.net >= 0


BY_UNIT = ("production", "defect", "scrap", "downgrade", "rework", "return")
halves = amounts(MAX_QUANTITY / 2).filter(bool)


@given(st.sampled_from(BY_UNIT), rates, halves, halves)
def test_the_price_of_two_quantities_is_the_sum_of_their_prices(
    event_type: str, rate_file: Any, one: D, other: D
) -> None:
    event = {**WHERE, "event_type": event_type, "stage": "s0"}
    with localcontext(MONEY):
        a, b, both = (
            next(e for e in entries({**event, "quantity": q}, rate_file) if e.once is None)
            for q in (one, other, one + other)
        )
        for figure in ("quantity", "gross", "recovered", "allowed", "net", "base"):
            assert getattr(a, figure) + getattr(b, figure) == getattr(both, figure), figure


@given(events(), rates, st.integers(-14 * 60, 14 * 60))
def test_the_offset_in_which_a_time_is_written_changes_nothing(
    event: Any, rate_file: Any, minutes_east: int
) -> None:
    hours, rest = divmod(abs(minutes_east), 60)
    offset = f"{'-' if minutes_east < 0 else '+'}{hours:02}:{rest:02}"
    local = (AT + timedelta(minutes=minutes_east)).replace(tzinfo=None).isoformat()
    moved = {**event, "occurred_at": f"{local}{offset}"}
    assert entries(moved, rate_file) == entries(event, rate_file)


@given(events(), rates, st.text(alphabet="abc", min_size=1))
def test_the_price_depends_on_nothing_else(event: Any, rate_file: Any, other: str) -> None:
    said = {"event_id": other, "shift": other, "order": other, "source": other, "lot": other}
    assert entries({**event, **said}, rate_file) == entries(event, rate_file)
