"""The simulated plant: its log is what its truth says, and its files are those of the example."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from copq.figures.offline import price_offline
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
