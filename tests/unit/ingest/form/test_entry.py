"""Entries as they are filled in: periods of the plant's time, numbers, what belongs together."""

import json
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copq.access.sender import ANYONE, Sender
from copq.ingest.form.entry import read_entry
from copq.ingest.form.events import entry_id, events_of, withdrawals
from copq.ingest.form.numbers import NotANumber, display_text, input_text, locale_of, read_number
from copq.ingest.form.period import Mistakes, period_of
from copq.ingest.form.sheet import places, sheet_of
from copq.ledger.calendar import Calendar
from copq.schemas.decode import decode
from tests.support.building import book, plant

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BERLIN = Calendar("Europe/Berlin", time(6))
_FOUND = sheet_of(book(), "north", "L1", "widget", NOW)
assert _FOUND is not None
SHEET = _FOUND
DAY = {"period": "day", "day": "2026-11-19"}


def mistakes(**filled: str) -> dict[str, str]:
    with pytest.raises(Mistakes) as found:
        read_entry({**DAY, **filled}, SHEET, NOW)
    return found.value.by_field


def events(**filled: str) -> list[dict[str, Any]]:
    made = events_of(read_entry({**DAY, **filled}, SHEET, NOW), "id", "desk")
    for each in made:
        decode(each.raw)
    return [json.loads(each.raw) for each in made]


@pytest.mark.parametrize(
    ("filled", "start", "end"),
    [
        ({"day": "2026-11-19"}, "2026-11-19T06:00+01:00", "2026-11-20T06:00+01:00"),
        # The clocks are put back in the night of the 25th of October, forward on 29 March.
        ({"day": "2026-10-24"}, "2026-10-24T06:00+02:00", "2026-10-25T06:00+01:00"),
        ({"day": "2026-03-28"}, "2026-03-28T06:00+01:00", "2026-03-29T06:00+02:00"),
        ({"period": "span", "from": "2026-11-19T22:00", "to": "2026-11-20T06:00"},
         "2026-11-19T22:00+01:00", "2026-11-20T06:00+01:00"),
        # Shown twice: the first is meant.
        ({"period": "span", "from": "2026-10-25T02:30", "to": "2026-10-25T03:00"},
         "2026-10-25T02:30+02:00", "2026-10-25T03:00+01:00"),
    ],
)  # fmt: skip
def test_a_period_is_in_the_plants_time(filled: dict[str, str], start: str, end: str) -> None:
    period = period_of(filled, BERLIN, NOW)
    assert period.start.isoformat(timespec="minutes") == start
    assert period.end.isoformat(timespec="minutes") == end


@pytest.mark.parametrize(
    ("filled", "field"),
    [
        ({}, "day"),
        ({"day": "19.11.2026"}, "day"),
        ({"day": "2026-11-21"}, "day"),
        ({"day": "1026-11-21"}, "day"),
        ({"day": "9999-12-31"}, "day"),
        ({"period": "span"}, "from"),
        ({"period": "span", "from": "2026-11-20T14:00", "to": "2026-11-20T15:00"}, "from"),
        ({"period": "span", "from": "2026-11-19T14:00", "to": "2026-11-19T14:00"}, "to"),
        ({"period": "span", "from": "2026-11-18T14:00", "to": "2026-11-19T16:00"}, "to"),
        ({"period": "span", "from": "2026-03-29T02:30", "to": "2026-03-29T04:00"}, "from"),
        ({"period": "span", "from": "9999-12-31T23:59", "to": "x"}, "from"),
    ],
)
def test_a_period_that_cannot_be_is_told_at_its_field(filled: dict[str, str], field: str) -> None:
    with pytest.raises(Mistakes) as found:
        period_of(filled, BERLIN, NOW)
    assert list(found.value.by_field) == [field]


def test_the_day_under_way_may_be_entered() -> None:
    assert period_of({"day": "2026-11-20"}, BERLIN, NOW).start < NOW


NO_NUMBERS = [
    "-3", "1e3", "NaN", "twelve", "1.2.3", "０x", "٣", "+1", "1 20", "12 50", ".5", "5.", "1,20,00",
    "1.250,", "1.25,000", "1 250 00", "1'25", "1.250.00", "€5", "5 kg",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_told_at_its_field(text: str) -> None:
    assert "number such as" in mistakes(produced=text)["produced"]


NUMBERS = [
    ("1 250", 1250), ("12.50", 12.5), ("0007", 7), ("12,5", 12.5), ("1.250,5", 1250.5),
    ("1,250.5", 1250.5), ("1.250.000", 1_250_000), ("1,250,000", 1_250_000), ("1\u202f250", 1250),
    ("1\u00a0250,75", 1250.75), ("1'250.5", 1250.5), ("1\u2019250", 1250), ("0.125", 0.125),
    ("0,125", 0.125), ("1250.125", 1250.125), ("1.25", 1.25), ("1,2345", 1.2345),
    ("1 250.125", 1250.125), ("12,34,567.5", 1_234_567.5), ("1,00,000", 100_000),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_numbers_are_read_as_people_write_them(text: str, number: float) -> None:
    assert events(produced=text)[0]["quantity"] == number


@pytest.mark.parametrize(
    ("text", "tag", "readings"),
    [
        ("1.200", "de-DE,de;q=0.9", "1200, or 1,2"),
        ("1,200", "en-IN", "1200, or 1.2"),
        ("12,125", "", "12125, or 12.1250"),
    ],
)
def test_a_number_that_can_mean_two_is_refused_with_both(
    text: str, tag: str, readings: str
) -> None:
    with pytest.raises(Mistakes) as found:
        read_entry({**DAY, "produced": text}, SHEET, NOW, locale_of(tag))
    why = found.value.by_field["produced"]
    assert why.startswith(f'"{text}" can mean ') and why.endswith(f"write {readings}")
    for reading in readings.split(", or "):
        assert read_number(reading, locale_of(tag))


@given(
    st.decimals(0, 10**9, allow_nan=False, places=6),
    st.sampled_from(["de", "en-IN", "fr", "de-CH"]),
)
def test_a_number_that_is_shown_or_written_means_that_number(number: Decimal, tag: str) -> None:
    locale = locale_of(tag)
    assert read_number(input_text(number, locale), locale) == number
    try:
        assert read_number(display_text(number, locale), locale) == number
    except NotANumber as why:
        assert "can mean" in str(why)


def test_units_scrapped_on_site_are_among_the_units_there_and_count_once() -> None:
    said = {"sent_back": "999", "scrapped": "99", "reworked_on_site": "999"}

    def site(**more: str) -> list[tuple[Any, Any]]:
        found = [e for e in events(**said, **more) if e.get("on_site")]
        return [(e["quantity"], e.get("scrapped", 0)) for e in found]

    assert site(scrapped_on_site="99") == [(900, 0)]
    assert site(scrapped_on_site="150") == [(900, 51)]
    assert site(scrapped_on_site="99", none_came_back="yes") == [(999, 99)]
    assert site() == [(999, 0)]


@pytest.mark.parametrize(
    ("filled", "field"),
    [
        ({"produced": "1000000001"}, "produced"),
        ({"produced": "0.0000001"}, "produced"),
        ({"produced": "10", "good": "11"}, "good"),
        ({"good": "1"}, "good"),
        ({"sent_back": "3", "scrapped": "4"}, "scrapped"),
        ({"transport": "9"}, "sent_back"),
        ({"travel": "9"}, "reworked_on_site"),
        ({"reworked_on_site": "3", "scrapped_on_site": "4"}, "scrapped_on_site"),
        ({"scrapped_on_site": "4"}, "scrapped_on_site"),
        (
            {
                "sent_back": "4",
                "scrapped": "4",
                "reworked_on_site": "4",
                "scrapped_on_site": "4",
                "travel": "9",
            },
            "travel",
        ),
        ({"reject:S1": "x"}, "reject:S1"),
        ({"produced": "1", "shift": "x" * 65}, "shift"),
        ({"reject:S1": "1", "reason:S1": "a\x00b"}, "reason:S1"),
        ({"reject:gone": "1"}, ""),
        ({}, ""),
        ({"produced": "0", "reject:S1": "0"}, ""),
    ],
)
def test_a_mistake_stands_at_its_field(filled: dict[str, str], field: str) -> None:
    assert field in mistakes(**filled)


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes(day="", produced="x", transport="1")
    assert set(found) == {"day", "produced", "sent_back"}


def test_an_entry_makes_an_event_a_fact() -> None:
    filled = {
        "produced": "100", "good": "90", "reject:S1": "3", "reason:S1": "burr", "reject:S2": "0",
        "sent_back": "9", "scrapped": "2", "transport": "40.5", "reworked_on_site": "5",
        "scrapped_on_site": "1", "none_came_back": "yes", "travel": "70", "shift": "early",
    }  # fmt: skip
    made, rejected, back, site = events(**filled)
    assert (made["event_type"], made["quantity"], made["good"]) == ("production", 100, 90)
    assert (rejected["stage"], rejected["defect_code"], rejected["quantity"]) == ("S1", "burr", 3)
    assert (back["quantity"], back["scrapped"], back["transport"]) == (9, 2, 40.5)
    assert (site["quantity"], site["scrapped"], site["travel"], site["on_site"]) == (5, 1, 70, True)
    for event in (made, rejected, back, site):
        assert event["occurred_at"] == "2026-11-19T06:00:00+01:00"
        assert (event["shift"], event["source"]) == ("early", "desk")
        assert event["attributes"]["to"] == "2026-11-20T06:00:00+01:00"


def test_sent_again_by_the_same_it_is_the_same_and_by_another_it_is_not() -> None:
    assert entry_id("desk", "s") == entry_id("desk", "s")
    assert len({entry_id("desk", "s"), entry_id("desk", "t"), entry_id("other", "s")}) == 3


def test_withdrawing_voids_each_event() -> None:
    sent = events_of(read_entry({**DAY, "produced": "5", "reject:S2": "1"}, SHEET, NOW), "i", None)
    voids = [json.loads(raw) for raw in withdrawals([e.raw.decode() for e in sent], "mistyped")]
    assert [v["corrects"] for v in voids] == [json.loads(e.raw)["event_id"] for e in sent]
    for void in voids:
        assert decode(json.dumps(void).encode()).event_type == "correction"


FIELDS = [
    "day", "from", "to", "period", "produced", "good", "reject:S1", "reason:S1", "shift",
    "sent_back", "scrapped", "transport", "reworked_on_site", "scrapped_on_site", "travel",
]  # fmt: skip
_TYPED = st.one_of(
    st.integers(0, 10**10).map(str), st.decimals(0, 99).map(str), st.text(max_size=70)
)


@given(st.dictionaries(st.sampled_from(FIELDS), _TYPED), st.booleans())
def test_whatever_is_typed_is_told_or_makes_events_that_are_none_to_refuse(
    filled: dict[str, str], dated: bool
) -> None:
    try:
        entry = read_entry({**filled, **(DAY if dated else {})}, SHEET, NOW)
    except Mistakes as found:
        assert found.by_field
        return
    made = events_of(entry, "id", "desk")
    assert made
    for each in made:
        assert decode(each.raw).model_dump()["quantity"] > Decimal(0)


def test_one_is_asked_for_the_lines_of_ones_scope_alone() -> None:
    rates = book(plant(lines=("L1", "L2")), plant("south"))

    def lines(sender: Sender) -> list[tuple[str, str]]:
        return [(place.plant, place.line) for place in places(rates, sender, NOW)]

    everywhere = [("north", "L1"), ("north", "L2"), ("south", "L1"), ("south", "L2")]
    assert lines(ANYONE) == everywhere
    assert lines(Sender("x", frozenset({("north", "L2")}))) == [("north", "L2")]
    assert lines(Sender("x", frozenset({("south", "L9")}))) == [("south", "L9")]
    assert lines(Sender("x", frozenset({("north", "L9")}))) == []


def test_a_problem_of_any_function_is_an_administrative_failure() -> None:
    [made] = events(
        problem_function="purchasing", problem_code="wrong part", problem_minutes="90",
        problem_paid="12,50", interventions="2", wrong_routings="1",
    )  # fmt: skip
    wanted = {
        "event_type": "admin_failure", "function": "purchasing", "defect_code": "wrong part",
        "minutes": 90, "out_of_pocket": 12.5, "interventions": 2, "wrong_routings": 1,
    }  # fmt: skip
    assert {name: made[name] for name in wanted} == wanted and "other_master_data" not in made


@pytest.mark.parametrize(
    ("filled", "field", "why"),
    [
        ({"problem_code": "late"}, "problem_minutes", "How many minutes"),
        ({"interventions": "1"}, "problem_minutes", "How many minutes"),
        ({"problem_minutes": "5", "interventions": "1.5"}, "interventions", "a whole number"),
        ({"problem_minutes": "5", "wrong_routings": "1000001"}, "wrong_routings", "at most"),
        ({"problem_minutes": "5", "problem_function": "x" * 65}, "problem_function", "At most 64"),
        ({"problem_minutes": "many"}, "problem_minutes", ""),
    ],
)
def test_a_problem_that_cannot_be_is_told_at_its_field(
    filled: dict[str, str], field: str, why: str
) -> None:
    found = mistakes(**filled)
    assert list(found) == [field] and why in found[field]
