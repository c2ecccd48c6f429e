"""The simulated plant: its log is what its truth says, and its files are those of the example."""

import re
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from copq.figures.offline import price_offline
from copq.figures.project_series import daily_series
from copq.improvement.evidence.verdict import Status, Verdict, verdict
from copq.improvement.savings.bridge import Side
from copq.improvement.savings.measured import CellName, Measured
from copq.rates.file import read_rate_file
from copq.rates.store import book_of
from copq.schemas.priced import Category
from tests.support.improvement.simulated_plant import (
    FISH_LINE,
    LABEL_ROLLS,
    LAST,
    LEAK_GAUGE,
    LOG,
    PROJECTS,
    SEAM_CHECKS,
    STREAMS,
    Made,
    Project,
    Simulation,
    Stream,
    bad_lids,
    events,
    level,
    write_log,
)

D = Decimal
PAGE = (Path(__file__).parents[3] / "docs/improvement.md").read_text(encoding="utf-8")
YEARS = [(date(year, 1, 1), date(year, 12, 31)) for year in (2023, 2024, 2025)]


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return Simulation()


def rows_of(log: list[Made], stream: Stream, first: date, last: date) -> list[Made]:
    place = (stream.line, stream.product)
    return [made for made in log if made[1:3] == place and first <= made.day <= last]


def test_the_log_of_the_example_is_that_of_the_simulation(
    simulation: Simulation, tmp_path: Path
) -> None:
    write_log(simulation.log, tmp_path / "log.csv.gz")
    assert (tmp_path / "log.csv.gz").read_bytes() == LOG.read_bytes()


@pytest.mark.parametrize("span", YEARS)
@pytest.mark.parametrize("stream", STREAMS, ids=lambda s: f"{s.product}-{s.code}")
def test_a_year_has_as_many_rejects_as_are_true(
    simulation: Simulation, stream: Stream, span: tuple[date, date]
) -> None:
    """The mean of 313 days varies by 0.9 % of itself, and by chance of the count."""
    rows = rows_of(simulation.log, stream, *span)
    shares = (stream.share * level(stream, r.day) * bad_lids(stream, r.day) for r in rows)
    true = sum((r.units * share for r, share in zip(rows, shares, strict=True)), D(0))
    rejects = sum(r.rejects[stream.code] for r in rows)
    assert abs(rejects / true - 1) < D("0.03")


def test_the_prices_of_the_truth_are_those_of_the_rate_file(simulation: Simulation) -> None:
    """All that 2023 and 2024 book is rejects times the cost of a unit; in 2025 it is 5 % more."""
    book = book_of(read_rate_file(LOG.parent / "rates.yaml"))
    for (first, last), factor in zip(YEARS, (D(1), D(1), D("1.05")), strict=True):
        log = [made for made in simulation.log if first <= made.day <= last]
        priced = price_offline(events(log), book, datetime.now(UTC))
        booked = sum(e.entry.net for e in priced.entries if e.entry.category != Category.NONE)
        units = [(r.rejects[s.code], s) for s in STREAMS for r in rows_of(log, s, first, last)]
        true = sum((number * s.unit_cost for number, s in units), D(0))
        assert booked == factor * true > 0


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p.name)
@pytest.mark.parametrize("span", YEARS)
def test_a_true_saving_is_what_a_plant_without_measures_loses_more(
    simulation: Simulation, project: Project, span: tuple[date, date]
) -> None:
    lost = D(0)
    for stream in (s for s in STREAMS if project.has(s)):
        for row in rows_of(simulation.log, stream, *span):
            usual = row.units * stream.share * stream.unit_cost
            lost += usual - usual * level(stream, row.day)
    assert simulation.true_saving(project, *span) == lost


def test_one_project_holds_one_decays_and_one_saves_nothing(simulation: Simulation) -> None:
    def saved(project: Project, *span: date) -> Decimal:
        streams = [s for s in STREAMS if project.has(s)]
        rows = [(s, r) for s in streams for r in rows_of(simulation.log, s, *span)]
        usual = sum(r.units * s.share * s.unit_cost for s, r in rows)
        return simulation.true_saving(project, *span) / usual

    spring, autumn = (date(2024, 3, 1), date(2024, 5, 31)), (date(2025, 10, 1), LAST)
    assert saved(SEAM_CHECKS, *spring) == D("0.4") < saved(SEAM_CHECKS, *autumn) == D("0.49")
    assert saved(LABEL_ROLLS, *spring) == D("0.5") and saved(LABEL_ROLLS, *autumn) < D("0.1")
    assert simulation.true_saving(FISH_LINE, *YEARS[1]) == 0


def test_cells_of_two_projects_are_divided_once(simulation: Simulation) -> None:
    """All leaks are in the scope of the gauge, so the net of both is its gross."""
    year = YEARS[2]
    both = [simulation.true_net(project, *year) for project in (SEAM_CHECKS, LEAK_GAUGE)]
    assert sum(both) == simulation.true_saving(LEAK_GAUGE, *year)
    assert both[0] == D("0.8") * simulation.true_saving(SEAM_CHECKS, *year)
    alone = date(2024, 3, 1), date(2024, 9, 30)
    assert simulation.true_net(SEAM_CHECKS, *alone) == simulation.true_saving(SEAM_CHECKS, *alone)


def test_bad_lids_are_no_saving(simulation: Simulation) -> None:
    august = date(2024, 8, 1), date(2024, 8, 31)
    assert simulation.bad_lids_cost() > 1_000
    usual = sum(
        r.units * s.share * s.unit_cost
        for s in STREAMS
        if SEAM_CHECKS.has(s)
        for r in rows_of(simulation.log, s, *august)
    )
    assert simulation.true_saving(SEAM_CHECKS, *august) == D("0.4") * usual


def verdict_of(
    simulation: Simulation, project: Project, until: date, accepted: dict[date, D] | None = None
) -> Verdict:
    """What the service says of a project, from the log alone: at the prices of 2023."""
    days: dict[date, dict[CellName, Side]] = defaultdict(dict)
    for stream in (s for s in STREAMS if project.has(s)):
        for row in rows_of(simulation.log, stream, *(YEARS[0][0], until)):
            lost = row.rejects[stream.code] * stream.unit_cost
            days[row.day][row.line, row.product, ()] = Side(
                booked=lost, at_frozen_rates=lost, exposure=D(row.units)
            )
    before = {day: of for day, of in days.items() if day <= YEARS[0][1]}
    own = Measured(
        project=1, approved_at=datetime(2024, 1, 1, tzinfo=UTC), baseline_months=Fraction(12),
        baseline=_sums(before), days={},
    )  # fmt: skip
    since = {day: of for day, of in days.items() if day >= project.starts}
    series = daily_series(own, before, {}), daily_series(own, since, accepted or {})
    baseline, period = (one.statistics_days() for one in series)
    return verdict(baseline, period)


def _sums(days: Any) -> dict[CellName, Side]:
    sums: dict[CellName, list[D]] = defaultdict(lambda: [D(0), D(0)])
    for of in days.values():
        for name, side in of.items():
            sums[name][0] += side.booked
            sums[name][1] += side.exposure
    return {
        name: Side(booked=lost, at_frozen_rates=lost, exposure=made)
        for name, (lost, made) in sums.items()
    }


def test_the_alarm_comes_when_the_page_says(simulation: Simulation) -> None:
    """The decay begins in October 2024."""
    quoted = re.findall(r"^\| (20\d\d-\d\d-\d\d) \| (\w+) \| (.+) \|$", PAGE, re.M)
    for day, status, late in quoted:
        found = verdict_of(simulation, LABEL_ROLLS, date.fromisoformat(day))
        assert (found.status, f"{found.share_of_late:.1%}") == (status, late.replace(" ", ""))
    assert len(quoted) == 5 and f"On **{found.alarm_on}**, nine weeks later" in PAGE
    assert [status for day, status, _ in quoted if day >= str(found.alarm_on)] == ["eroding"] * 3
    assert found.words in PAGE


def test_the_alert_says_what_the_page_quotes() -> None:
    groups = yaml.safe_load((LOG.parents[2] / "deploy/prometheus/alerts.yml").read_text())["groups"]
    rules = {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}
    text = rules["CopqSavingErodes"]["annotations"]["summary"].partition("{{ with")[0]
    labels = {"plant": "cannery", "project": "label-rolls", "status": "eroding", "owner": "lena"}
    for name, value in labels.items():
        text = text.replace(f"{{{{ $labels.{name} }}}}", value)
    assert f"\n{text}\n" in PAGE


def test_lids_that_finance_accepted_as_not_routine_raise_no_alarm(simulation: Simulation) -> None:
    """A week of August 2024 tripled the leaks; the saving of seam-checks holds before and after."""
    assert verdict_of(simulation, SEAM_CHECKS, LAST).status is Status.ERODING
    accepted = {date(2024, 8, 1): D(1324)}
    assert verdict_of(simulation, SEAM_CHECKS, LAST, accepted).status is Status.PROVEN


def test_volume_and_mix_prove_nothing(simulation: Simulation) -> None:
    assert verdict_of(simulation, FISH_LINE, LAST).status is Status.NOT_PROVEN
