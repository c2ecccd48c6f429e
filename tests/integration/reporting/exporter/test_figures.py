"""What a scrape says, against reports of the same database."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from copq.access.authority import Actor
from copq.figures.report import ReportQuery, report
from copq.figures.trailing import trailing_windows
from copq.ledger.calendar import Calendar
from copq.ledger.figures import Scope
from copq.rates.book import RateBook
from copq.reporting.exporter import figures
from copq.reporting.exporter.collector import Page, page_of, rendered
from copq.reporting.exporter.computation import MAX_SERIES
from copq.reporting.exporter.reading import read
from copq.reporting.exporter.samples import Sample
from copq.reporting.exporter.windows import TRAILING, spans
from copq.schemas.targets import WINDOWS, TargetFile
from copq.targets.store import import_targets
from tests.support.building import book, defect, event, plant, post_events, production, stop

NOW = datetime.fromisoformat("2026-03-02T11:20:00+01:00")
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def at(text: str, day: int = 2) -> str:
    return f"2026-03-{day:02}T{text}+01:00"


async def scrape(
    conn: Any, rates: RateBook, now: datetime = NOW, most: int = MAX_SERIES
) -> Samples:
    text = rendered(page_of(await read(conn, rates, now), most)).decode()
    return dict(_parsed(text))


def _parsed(text: str) -> Iterator[tuple[tuple[str, frozenset[tuple[str, str]]], float]]:
    for family in text_string_to_metric_families(text):
        assert family.documentation and family.type == "gauge"
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if value}
            yield (sample.name, frozenset(labels.items())), sample.value


def value(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((name, frozenset(labels.items())))


def line(window: str, **more: str) -> dict[str, str]:
    return {"scope": "line", "plant": "north", "line": "L1", "window": window, **more}


async def test_the_same_event_is_in_every_window_it_lies_in(conn: Any) -> None:
    rates = book()
    await post_events(conn, rates, [
        production("p", at("10:30:00"), 100, good=95), defect("d", at("10:40:00"), 5),
    ])  # fmt: skip
    found = await scrape(conn, rates)
    where = {"plant": "north", "line": "L1", "product": "widget"}
    kind = {"category": "internal_failure", "element": "defect", "currency": "EUR"}
    costs = {w: value(found, "copq_cost", **where, **kind, window=w) for w in WINDOWS}
    inside = ("last_hour", "day", "month", "1h", "24h", "30d")
    assert costs == {w: 50.0 if w in inside else None for w in WINDOWS}
    assert value(found, "copq_base", **where, currency="EUR", window="1h") == 1000.0
    assert value(found, "copq_ratio", **line("1h", currency="EUR")) == 0.05
    assert value(found, "copq_scrap_ratio", **line("1h")) == 0.05
    assert value(found, "copq_quality_ratio", **line("1h")) == 0.95


async def test_without_a_base_there_is_no_ratio(conn: Any) -> None:
    rates = book()
    await post_events(conn, rates, [defect("d", at("10:40:00"), 5)])
    found = await scrape(conn, rates)
    assert value(found, "copq_failure_cost", **line("1h", currency="EUR")) == 50.0
    assert not [key for key in found if key[0] in ("copq_ratio", "copq_scrap_ratio", "copq_base")]


async def test_a_plants_ratio_is_sum_over_sum(conn: Any) -> None:
    rates = book()
    await post_events(conn, rates, [
        production("p1", at("10:30:00"), 900), defect("d1", at("10:40:00"), 9),
        production("p2", at("10:30:00"), 100, line="L2"),
        defect("d2", at("10:40:00"), 11, line="L2"),
    ])  # fmt: skip
    found = await scrape(conn, rates)
    of_plant = {"scope": "plant", "plant": "north", "currency": "EUR", "window": "1h"}
    assert value(found, "copq_ratio", **of_plant) == 0.02  # the mean of 0.01 and 0.11 is 0.06


async def test_every_window_is_what_reports_say(conn: Any) -> None:
    """All windows of plants in different zones, with open stops, against report and trailing."""
    random = Random(5)
    plants = (plant("north"), plant("south", "America/Chicago", "00:00", "USD"),
              plant("east", "Asia/Kolkata", "22:30", "INR"))  # fmt: skip
    rates = book(*plants)
    now = datetime.fromisoformat("2026-04-01T03:40:00+00:00")
    await post_events(conn, rates, list(_stream(random, now, [p.plant for p in plants])))
    found = await scrape(conn, rates, now)
    checked = 0
    for window, rows in [
        *[(w, await _reported(conn, rates, w, now)) for w in WINDOWS if w not in TRAILING],
        *[(t.window.name.replace(" ", ""), t.rows)
          for t in await trailing_windows(conn, rates, Scope(), now, list(TRAILING.values()))],
    ]:  # fmt: skip
        for row in rows:
            labels = {"scope": "line", **row.dims, "currency": row.currency, "window": window}
            assert value(found, "copq_failure_cost", **labels) == pytest.approx(float(row.copq))
            share = None if row.copq_share is None else pytest.approx(float(row.copq_share))
            assert value(found, "copq_ratio", **labels) == share
            checked += 1
    assert checked > 30


def _stream(random: Random, now: datetime, plants: list[str]) -> Iterator[bytes]:
    for number in range(600):
        ago = random.choice(
            [random.randrange(90), random.randrange(3_000), random.randrange(60_000)]
        )
        when = now - timedelta(minutes=ago)
        where = {"plant": random.choice(plants), "line": random.choice(["L1", "L2"])}
        if number % 20 == 0:
            ended = None if number % 40 else (when + timedelta(minutes=7)).isoformat()
            yield stop(f"s{number}", when.isoformat(), ended, work_unit=f"M{number}", **where)
        else:
            kind = random.choice([production, defect])
            yield kind(f"e{number}", when.isoformat(), random.randrange(1, 50), **where)


async def _reported(conn: Any, rates: RateBook, window: str, now: datetime) -> list[Any]:
    """The rows of a calendar window, plant by plant, since each has its own buckets."""
    rows: list[Any] = []
    for site in rates.sites.values():
        (span,) = [s for s in spans(site.calendar, now) if s.window == window]
        begin = span.hour or span.first
        end = begin + timedelta(hours=1) if span.hour else span.first + timedelta(days=1)
        query = ReportQuery(site.plant.plant, grain=span.grain, start=begin, end=end)
        rows += await report(conn, rates, query, now)
    return rows


async def test_the_most_specific_target_stands_beside_every_ratio(conn: Any) -> None:
    rates = book()
    items = [{"effective_from": at("00:00:00", 1), "ratio": "0.05"},
             {"plant": "north", "line": "L1", "window": "1h", "effective_from": at("00:00:00", 1),
              "ratio": "0.03"}]  # fmt: skip
    file = TargetFile.model_validate({"targets": items})
    await import_targets(conn, file, rates, "targets.yaml", Actor("finance"))
    await post_events(conn, rates, [production("p", at("10:30:00")), defect("d", at("10:40:00"))])
    found = await scrape(conn, rates)
    assert value(found, "copq_target_ratio", **line("1h")) == 0.03
    assert value(found, "copq_target_ratio", **line("24h")) == 0.05
    assert value(found, "copq_target_ratio", scope="plant", plant="north", window="1h") == 0.05


async def test_the_main_cause_is_told_of_a_line_above_its_target_alone(conn: Any) -> None:
    rates = book()
    items = [{"effective_from": at("00:00:00", 1), "ratio": "0.03"}]
    file = TargetFile.model_validate({"targets": items})
    await import_targets(conn, file, rates, "targets.yaml", Actor("finance"))
    await post_events(conn, rates, [
        production("p1", at("10:30:00")), defect("d1", at("11:12:00"), 7, defect_code="burr"),
        defect("d2", at("10:41:00"), 1, defect_code="dent"),
        production("p2", at("10:30:00"), line="L2"), defect("d3", at("10:40:00"), 1, line="L2"),
    ])  # fmt: skip
    found = await scrape(conn, rates)
    kind = {"element": "defect", "stage": "S2", "defect_code": "burr"}
    where = {"plant": "north", "line": "L1"}
    assert value(found, "copq_main_cause_cost", **where, **kind, currency="EUR") == 70.0
    began = datetime.fromisoformat(at("11:12:00")).timestamp()
    assert value(found, "copq_main_cause_start_timestamp_seconds", **where) == began
    assert len([name for name, _ in found if name == "copq_main_cause_cost"]) == 1
    # Once none has come for a while it is over, and nobody is sent to look at it "since".
    later = await scrape(conn, rates, NOW + timedelta(minutes=8))
    assert value(later, "copq_main_cause_cost", **where, **kind, currency="EUR") == 70.0
    assert value(later, "copq_main_cause_start_timestamp_seconds", **where) is None


async def test_the_clocks_of_a_plant_are_told(conn: Any) -> None:
    found = await scrape(conn, book())
    zone = {"plant": "north", "zone": "Europe/Berlin"}
    assert value(found, "copq_plant_utc_offset_seconds", **zone) == 3600.0


async def test_an_open_stop_costs_more_with_every_minute(conn: Any) -> None:
    rates = book()
    began = at("10:00:00")
    await post_events(conn, rates, [stop("s", began, work_unit="packer", defect_code="jam")])
    of = {"plant": "north", "line": "L1", "work_unit": "packer", "defect_code": "jam"}
    for minutes in (80, 81):
        now = datetime.fromisoformat(began) + timedelta(minutes=minutes)
        found = await scrape(conn, rates, now)
        assert value(found, "copq_open_stop_cost", **of, currency="EUR") == 2.0 * minutes
        assert value(found, "copq_open_stops", plant="north", line="L1") == 1
    start = value(found, "copq_open_stop_start_timestamp_seconds", **of)
    assert start == datetime.fromisoformat(began).timestamp()


async def test_oee_needs_an_ideal_rate_and_says_so(conn: Any) -> None:
    events = [
        production("p", at("10:30:00"), 1200, good=1080),
        stop("b", at("10:20:00"), at("10:30:00"), planned=True),
        stop("s", at("10:30:00"), at("10:40:00")),
    ]
    rates = book()
    await post_events(conn, rates, events)
    found = await scrape(conn, rates)
    missing = {"plant": "north", "line": "L1", "input": "ideal_rate_per_minute"}
    assert value(found, "copq_oee_input_missing", **missing) == 1
    assert value(found, "copq_oee_ratio", **line("1h")) is None
    found = await scrape(conn, book(ideal_rate=40))
    assert value(found, "copq_oee_input_missing", **missing) is None
    # An hour less ten planned minutes; ten of the fifty stood still.
    assert value(found, "copq_availability_ratio", **line("1h")) == pytest.approx(0.8)
    assert value(found, "copq_effectiveness_ratio", **line("1h")) == pytest.approx(30 / 40)
    assert value(found, "copq_oee_ratio", **line("1h")) == pytest.approx(0.8 * 0.75 * 0.9)


async def test_mean_time_to_repair_is_of_unplanned_stops_that_ended(conn: Any) -> None:
    rates = book()
    await post_events(conn, rates, [
        stop("a", at("10:25:00"), at("10:35:00"), work_unit="A"),
        stop("again", at("10:25:00"), at("10:35:00"), work_unit="A"),  # reported twice
        stop("b", at("10:30:00"), at("10:50:00"), work_unit="B"),
        stop("planned", at("11:00:00"), at("11:10:00"), planned=True),
        stop("open", at("11:00:00"), work_unit="C"),
    ])  # fmt: skip
    found = await scrape(conn, rates)
    assert value(found, "copq_mean_time_to_repair_seconds", **line("1h")) == 900
    assert value(found, "copq_mean_time_to_repair_seconds", **line("hour")) is None


async def test_what_waits_is_counted_and_the_newest_event_is_known(conn: Any) -> None:
    rates = book()
    await post_events(conn, rates, [
        defect("d1", at("10:40:00")), defect("d2", at("10:20:00")),
        defect("u1", at("10:50:00"), product="unknown"),
    ])  # fmt: skip
    await conn.execute(
        "insert into copq.rejected (code, field, message, size, payload) "
        "values ('missing', 'plant', 'is missing', 2, '{}')"
    )
    found = await scrape(conn, rates)
    of = {"plant": "north", "line": "L1"}
    assert value(found, "copq_unpriced_events", **of) == 1
    assert value(found, "copq_rejected_waiting_events", code="missing") == 1
    newest = datetime.fromisoformat(at("10:50:00")).timestamp()
    assert value(found, "copq_newest_event_timestamp_seconds", **of) == newest


async def test_a_duplicate_says_nothing_new_of_a_line(conn: Any) -> None:
    rates = book()
    await post_events(conn, rates, [defect("d", at("10:00:00"))])
    await post_events(conn, rates, [defect("d", at("10:40:00"))])
    newest = await conn.fetchval("select occurred_at from copq.line_heard")
    assert newest == datetime.fromisoformat(at("10:00:00"))


async def test_the_usual_hour_is_the_mean_of_the_weeks_that_produced(conn: Any) -> None:
    rates = book()
    events = []
    for week, rejects in ((1, 2), (2, 4), (4, 6)):  # three weeks ago nobody worked
        when = (datetime.fromisoformat(at("10:30:00")) - timedelta(weeks=week)).isoformat()
        events += [production(f"p{week}", when, 100), defect(f"d{week}", when, rejects)]
    await post_events(conn, rates, events)
    found = await scrape(conn, rates)
    of = {"plant": "north", "line": "L1", "currency": "EUR"}
    assert value(found, "copq_usual_cost", **of) == 40
    assert value(found, "copq_usual_base", **of) == 1000


async def test_a_budget_and_the_month_it_is_for(conn: Any) -> None:
    rates = book()
    items = [{"plant": "north", "effective_from": at("00:00:00", 1), "amount": "40000"}]
    file = TargetFile.model_validate({"budgets": items})
    await import_targets(conn, file, rates, "targets.yaml", Actor("finance"))
    found = await scrape(conn, rates)
    assert value(found, "copq_budget", plant="north", currency="EUR") == 40000
    # March of 2026 has an hour less in Berlin.
    assert value(found, "copq_month_seconds", plant="north") == (31 * 24 - 1) * 3600
    assert value(found, "copq_month_elapsed_seconds", plant="north") == 29 * 3600 + 1200


async def test_an_empty_database_has_figures_of_the_exporter_alone(conn: Any) -> None:
    found = await scrape(conn, RateBook())
    assert {name for name, _ in found} == {
        "copq_figures_timestamp_seconds", "copq_exporter_series", "copq_exporter_series_limit",
        "copq_exporter_series_dropped", "copq_exporter_detail",
    }  # fmt: skip


async def test_names_of_any_kind_make_a_page_that_parses(conn: Any) -> None:
    odd = 'a"b\\c{d}=,é'
    rates = book(plant(odd))
    await post_events(conn, rates, [
        event("defect", "d", plant=odd, occurred_at=at("10:40:00"), product="widget", stage="S2",
              quantity=1),
    ])  # fmt: skip
    found = await scrape(conn, rates)
    of = {"scope": "plant", "plant": odd, "currency": "EUR", "window": "1h"}
    assert value(found, "copq_failure_cost", **of) == 10.0


@pytest.mark.parametrize(
    ("now", "hour", "last_hour", "day"),
    [
        ("2026-03-02T11:20:00+01:00", "10:00", "09:00", "2026-03-02"),
        ("2026-03-02T06:10:00+01:00", "05:00", "04:00", "2026-03-01"),  # the day starts at 06:15
        ("2026-03-02T06:20:00+01:00", "05:00", "04:00", "2026-03-02"),
        ("2026-03-29T03:30:00+02:00", "01:00", "00:00", "2026-03-28"),  # the clock has skipped
        ("2026-10-25T02:30:00+01:00", "01:00", "00:00", "2026-10-24"),  # and shows 02 again
    ],
)
def test_the_last_full_hour_is_the_one_before(
    now: str, hour: str, last_hour: str, day: str
) -> None:
    calendar = Calendar("Europe/Berlin", datetime.fromisoformat("2026-01-01T06:15").time())
    found = {s.window: s for s in spans(calendar, datetime.fromisoformat(now))}
    hours = [found[name].hour for name in ("hour", "last_hour")]
    assert [f"{h:%H:%M}" for h in hours if h] == [hour, last_hour]
    assert found["day"].first.isoformat() == day
    assert found["last_day"].end == found["day"].start
    assert found["last_month"].end == found["month"].start


def test_money_is_summed_exactly_before_it_becomes_a_float() -> None:
    from copq.figures.sums import sum_cells
    from copq.ledger.figures import Cell

    cells = [
        Cell(bucket=None, plant="p", line="l", product="", element="defect",
             category="internal_failure", currency="EUR", net=Decimal("0.1"))
    ] * 10  # fmt: skip
    (sums,) = sum_cells(cells).values()
    assert sums.failure == 1


def test_names_with_quotes_and_newlines_are_read_as_they_are() -> None:
    odd = 'a "quoted\\\n name'
    twice = [Sample(figures.OPEN_STOPS, (odd, "L1"), 2), Sample(figures.OPEN_STOPS, (odd, "L1"), 3)]
    text = rendered(Page([*twice, Sample(figures.AT, (), 1.5e18)], {})).decode()
    found = dict(_parsed(text))
    assert value(found, "copq_open_stops", plant=odd, line="L1") == 2.0
    assert value(found, "copq_figures_timestamp_seconds") == 1.5e18
    assert len(found) == 2


async def test_each_currency_has_the_smallest_amount_that_is_shown_of_it(conn: Any) -> None:
    plants = plant(), plant("kuwait", currency="KWD"), plant("osaka", currency="JPY")
    found = await scrape(conn, book(*plants))
    steps = {"EUR": 0.01, "KWD": 0.001, "JPY": 1}
    for currency, step in steps.items():
        assert value(found, "copq_currency_step", currency=currency) == step
