"""The rates of one instant, in force at all times."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from copq.rates.frozen import frozen_book
from copq.rates.store import book_of
from copq.schemas.rates import LabourRate, LineRate, PlantCurrency, RateFile
from tests.support.building import rates

AT = datetime(2026, 6, 1, tzinfo=UTC)
TIMES = [datetime(1999, 1, 1, tzinfo=UTC), AT, datetime(2099, 1, 1, tzinfo=UTC)]
DAY = timedelta(days=1)


def file(*lines: LineRate, labour: tuple[LabourRate, ...] = ()) -> RateFile:
    return rates().model_copy(update={"line_rates": lines, "labour_rates": labour})


def line(rate: int, since: datetime, until: datetime | None = None) -> LineRate:
    return LineRate(plant="north", line="L1", effective_from=since, effective_to=until,
                    rate_per_minute=Decimal(rate))  # fmt: skip


def frozen_rates(*lines: LineRate) -> set[Decimal]:
    book = frozen_book(book_of(file(*lines)), AT)
    found = [book.line_rate("north", "L1", at) for at in TIMES]
    return {version.item.per_hour(False) / 60 for version in found if version is not None}


def test_a_rate_has_its_version_of_the_instant_at_all_times() -> None:
    assert frozen_rates(line(1, AT - DAY), line(2, AT), line(3, AT + DAY)) == {2}


def test_a_rate_that_began_later_has_its_first_version() -> None:
    assert frozen_rates(line(2, AT + DAY), line(3, AT + 2 * DAY)) == {2}


def test_a_rate_that_had_ended_has_its_last_version_until_then() -> None:
    assert frozen_rates(line(1, AT - 3 * DAY), line(2, AT - 2 * DAY, AT - DAY)) == {2}
    ended_between = line(1, AT - 3 * DAY, AT - DAY), line(2, AT + DAY)
    assert frozen_rates(*ended_between) == {1}


def test_each_rate_is_of_its_own_plant_and_name() -> None:
    since = AT - DAY
    two = file(line(1, since), line(5, since).model_copy(update={"line": "L2"}))
    book = frozen_book(book_of(two), AT)
    known = [book.line_rate("north", name, AT) for name in ("L1", "L2", "L3")]
    assert [v and v.item.rate_per_minute for v in known] == [1, 5, None]
    assert book.cost_table("north", "widget", TIMES[0]) is not None


def test_a_plant_keeps_the_currency_of_the_instant() -> None:
    euro = PlantCurrency(plant="north", currency="EUR", effective_from=AT - DAY)
    later = PlantCurrency(plant="north", currency="USD", effective_from=AT + DAY)
    koruna = rates().model_copy(update={"plant_currencies": (euro, later)})
    frozen = frozen_book(book_of(koruna), AT)
    assert {frozen.sites["north"].currency_at(at) for at in TIMES} == {"EUR"}
