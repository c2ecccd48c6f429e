"""Which version was in force: the book against a plain scan."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from copq.rates.book import History, RateBook, Versioned, compound_name
from copq.rates.store import book_of
from copq.schemas.rates import LabourRate, RateFile

START = datetime(2026, 1, 1, tzinfo=UTC)
days = st.integers(0, 12)
Rate = Versioned[LabourRate]


def day(number: int) -> datetime:
    return START + timedelta(days=number)


@st.composite
def versions(draw: st.DrawFn) -> list[Rate]:
    rows = draw(st.lists(st.tuples(days, st.none() | st.integers(1, 5)), max_size=8))
    return [
        Versioned(
            revision,
            LabourRate(
                plant="p", rate_per_minute=Decimal(revision), effective_from=day(first),
                effective_to=None if lasts is None else day(first + lasts),
            ),
        )
        for revision, (first, lasts) in enumerate(rows, 1)
    ]  # fmt: skip


def scan(found: list[Rate], at: datetime) -> Rate | None:
    """The latest that has begun; of those, the newest revision; unless that has ended."""
    begun = [v for v in found if v.item.effective_from <= at]
    if not begun:
        return None
    newest = max(begun, key=lambda v: (v.item.effective_from, v.version))
    end = newest.item.effective_to
    return None if end is not None and end <= at else newest


@given(versions(), st.randoms(), st.integers(-24, 20 * 24))
def test_a_look_up_is_a_scan(found: list[Rate], random: object, hour: int) -> None:
    at = START + timedelta(hours=hour)
    shuffled = sorted(found, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert History(shuffled).at(at) == scan(found, at)


@given(versions(), days, st.integers(1, 5))
def test_the_first_in_a_span_is_that_of_a_scan_by_the_hour(
    found: list[Rate], first: int, lasts: int
) -> None:
    hours = (day(first) + timedelta(hours=hour) for hour in range(lasts * 24))
    expected = next((v for at in hours if (v := scan(found, at)) is not None), None)
    assert History(found).first_in(day(first), day(first + lasts)) == expected


def test_a_later_revision_overrides_the_same_date() -> None:
    old = LabourRate(plant="p", rate_per_minute=Decimal(1), effective_from=START)
    new = LabourRate(plant="p", rate_per_minute=Decimal(2), effective_from=START)
    for order in ([Versioned(1, old), Versioned(2, new)], [Versioned(2, new), Versioned(1, old)]):
        found = RateBook(2, (), (), (), order).labour_rate("p", "standard", START)
        assert found is not None
        assert found.version == found.item.rate_per_minute == 2


TABLE = {"product": "b", "currency": "EUR", "stages": [{"stage": "s", "raw_material": "1"}]}
BOOK = book_of(
    RateFile.model_validate({
        "plants": [{"plant": "p", "time_zone": "UTC", "day_start": "00:00", "currency": "EUR"}],
        "cost_tables": [
            {**TABLE, "effective_from": day(0)},
            {**TABLE, "plant": "p", "effective_from": day(5), "effective_to": day(6)},
        ],
    })
)  # fmt: skip


def test_a_plant_with_tables_of_its_own_never_takes_those_of_all() -> None:
    assert BOOK.cost_table("p", "b", day(1)) is None
    assert BOOK.cost_table("p", "b", day(5)) is not None
    assert BOOK.cost_table("p", "b", day(7)) is None
    assert BOOK.cost_table("q", "b", day(7)) is not None


def test_a_day_has_the_table_that_is_in_force_as_it_starts_else_the_first_of_it() -> None:
    assert BOOK.day_table("p", "b", day(4).date()) is None
    assert BOOK.day_table("p", "b", day(5).date()) is not None
    assert BOOK.day_table("p", "b", day(6).date()) is None
    assert BOOK.day_table("p", "c", day(5).date()) is None


names = st.text(alphabet="a/\\*", max_size=3)


@given(st.tuples(st.none() | names, names), st.tuples(st.none() | names, names))
def test_a_joined_name_is_of_its_parts_alone(
    one: tuple[str | None, str], two: tuple[str | None, str]
) -> None:
    assert (compound_name(*one) == compound_name(*two)) == (one == two)
