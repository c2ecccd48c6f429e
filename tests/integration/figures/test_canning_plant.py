"""Three years of the simulated plant: what is measured is near the truth, and docs/improvement.md
quotes it."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from copq.access.authority import Actor
from copq.access.door import Role
from copq.figures.evidence_answer import EvidenceRequest, answer_evidence
from copq.figures.portfolio_reading import read_verdicts
from copq.figures.project_months import MonthFigures, newest_versions
from copq.improvement.savings.over_time import Flows
from copq.improvement.savings.returns import Money, added, returns, spending
from copq.projects.accounts import add_non_routine, decide, divide
from copq.projects.file import read_projects
from copq.projects.order import Order
from copq.projects.store import projects
from copq.rates.file import read_rate_file
from copq.rates.store import import_rates, load
from copq.reporting.exporter.figures import PROJECT_STATUS
from copq.reporting.exporter.projects import project_samples
from copq.reporting.exporter.projects import read_projects as read_exported
from copq.reporting.exporter.samples import Sample
from tests.support.improvement.independent_returns import irr_of, npv_of
from tests.support.improvement.measured_projects import (
    FINN,
    approve_all,
    measure_months,
    post_all,
)
from tests.support.improvement.simulated_plant import (
    FISH_LINE,
    LOG,
    PLANT,
    PROJECTS,
    SHARES,
    Simulation,
    events,
)

D = Decimal
PAGE = (Path(__file__).parents[3] / "docs/improvement.md").read_text(encoding="utf-8")
NEAR, NOTHING = D("0.035"), D("0.01")
"""The errors that the page states: of a year's saving, or of the losses if nothing was saved."""
AUGUST = date(2024, 8, 1)


async def measured(conn: Any, database: str, simulation: Simulation) -> dict[str, Any]:
    """The newest months of each project by its name."""
    await import_rates(conn, read_rate_file(LOG.parent / "rates.yaml"), "rates.yaml", "finn")
    await post_all(conn, events(simulation.log))
    await approve_all(conn, read_projects(LOG.parent / "projects.yaml"))
    finance, owner = Order(FINN, "as measured"), Order(Actor("olga", role=Role.MANAGER), "bad lids")
    await divide(conn, PLANT, date(2024, 10, 1), SHARES, finance)
    lids = D(1324)
    number = await add_non_routine(conn, PLANT, "seam-checks", AUGUST, lids, "note 4711", owner)
    await decide(conn, PLANT, "seam-checks", "non_routine", number, "accept", finance)
    await measure_months(database)
    return {one.name: await newest_versions(conn, one.id) for one in await projects(conn, PLANT)}


@pytest.mark.soak
async def test_each_year_is_as_near_the_truth_as_the_page_says(conn: Any, database: str) -> None:
    simulation = Simulation()
    found = await measured(conn, database, simulation)
    for project in PROJECTS:
        for year in (2024, 2025):
            months = [v.figures for m, v in found[project.name].items() if m.year == year]
            assert not any(one.residual for one in months)
            saved, lost = (sum((getattr(one, field) for one in months), D(0))
                           for field in ("gross", "baseline"))  # fmt: skip
            span = max(project.starts, date(year, 1, 1)), date(year, 12, 31)
            true = simulation.true_saving(project, *span)
            within = NOTHING * lost if project is FISH_LINE else NEAR * true
            assert abs(saved - true) <= within, (project.name, year, saved, true)
            assert f"{true:,.2f}" in PAGE and f"{saved:,.2f}" in PAGE
    verdicts = await read_verdicts(conn, [one.id for one in await projects(conn, PLANT)])
    said = {one.name: verdicts[one.id].status for one in await projects(conn, PLANT)}
    assert said == {
        "seam-checks": "holding", "label-rolls": "eroding", "fish-line": "not enough data",
        "leak-gauge": "holding",
    }  # fmt: skip
    samples = project_samples(await read_exported(conn, await load(conn), datetime.now(UTC)))
    assert Sample(PROJECT_STATUS, (PLANT, "label-rolls", "lena", "eroding"), 1) in list(samples)
    request = EvidenceRequest(plant=PLANT, project="label-rolls")
    evidence = (await answer_evidence(conn, await load(conn), request, datetime.now(UTC))).evidence
    assert evidence is not None and evidence.verdict["words"] in PAGE
    assert evidence.verdict["alarm_on"] in PAGE
    shared = [found[name][date(2025, 6, 1)].figures for name in SHARES]
    assert sum(one.net for one in shared) == shared[1].gross
    for quoted in re.findall(r"^  (20\d\d)-(\d\d)   .*$", PAGE, re.M):
        month = date(int(quoted[0]), int(quoted[1]), 1)
        assert _numbers(found["seam-checks"][month].figures) == _quoted(month)

    _returns({month: one.figures for month, one in found["seam-checks"].items()})


def _returns(months: dict[date, MonthFigures]) -> None:
    """What finance validated of 2024, against what was put in until the end of each year."""
    validated = {month: one.net for month, one in months.items() if month.year == 2024}
    validated[AUGUST] = D(1800)
    both, first = (Money.of(validated, _invested(end), RATE) for end in (2026, 2025))
    whole, put_in = (sum(of.values(), D(0)) for of in (validated, both.invested))
    of_both, of_first = (returns([one], whole, put_in) for one in (both, first))
    flows = [float(validated.get(month, 0) - first.invested.get(month, 0))
             for month in (date(2024, number, 1) for number in range(1, 13))]  # fmt: skip
    paid_back = next(n for n, balance in enumerate(accumulate(flows), 1) if balance > 0)
    assert of_both.payback == of_first.payback == date(2024, paid_back, 1)
    assert of_first.npv == pytest.approx(D(npv_of(flows, 0.08)), abs=D("1e-6"))
    assert of_first.irr == pytest.approx(D(irr_of(flows)), abs=D("1e-6"))
    roi = (whole - put_in) / put_in
    said = (
        f"{whole:,.2f} EUR of seam-checks are validated", f"{put_in:,.0f} are invested",
        f"the ROI is {100 * roi:.1f} %", f"paid back in {of_both.payback:%B %Y}",
        f"an NPV of {of_first.npv:,.2f} EUR", f"an IRR of {100 * irr_of(flows):.1f} %",
    )  # fmt: skip
    assert [text for text in said if text not in PAGE] == []


RATE = D("0.08")


def _invested(end: int) -> Flows:
    [plan] = [one for one in read_projects(LOG.parent / "projects.yaml").projects
              if one.name == "seam-checks"]  # fmt: skip
    return added([
        spending(one.first_month, one.last_month, one.amount, date(end, 1, 1),
                 is_once=one.kind == "once")
        for one in plan.investments
    ])  # fmt: skip


_FIELDS = ("baseline", "volume", "mix", "rates", "non_routine", "without_baseline",
           "performance", "actual")  # fmt: skip


def _numbers(one: MonthFigures) -> list[Decimal]:
    return [getattr(one, field) for field in _FIELDS]


def _quoted(month: date) -> list[Decimal]:
    [line] = re.findall(rf"^  {month:%Y-%m} (.*)$", PAGE, re.M)
    return [D(number.replace(",", "")) for number in line.split()]
