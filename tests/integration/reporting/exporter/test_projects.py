"""Metrics of improvement projects: money by type, state, verdict, and claims that wait."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from copq.rates.store import load
from copq.reporting.exporter import figures as f
from copq.reporting.exporter.projects import ProjectFigures, project_samples, read_projects
from tests.support.portfolio import caps, judged

NOW = datetime.fromisoformat("2026-08-10T12:00:00+02:00")
OWNED = ("north", "caps", "olga")


async def test_a_project_has_its_money_state_status_and_waiting_claim(conn: Any) -> None:
    await judged(conn, await caps(conn), "eroding")
    async with conn.transaction(isolation="repeatable_read"):
        found = await read_projects(conn, await load(conn), NOW)
    samples = {(one.figure, one.labels): one.value for one in project_samples(found)}
    typed = ("north", "caps", "hard", "EUR")
    assert [samples[figure, typed] for figure in (
        f.PROJECT_PROMISED, f.PROJECT_CLAIMED, f.PROJECT_VALIDATED)] == [300, 190, 70]  # fmt: skip
    assert samples[f.PROJECT_REALISED, ("north", "caps", "EUR")] == 200
    assert samples[f.PROJECT_INVESTED, ("north", "caps", "EUR")] == 1200
    assert samples[f.PROJECT_STATE, (*OWNED, "realised")] == 1
    assert samples[f.PROJECT_STATUS, (*OWNED, "eroding")] == 1
    assert samples[f.PROJECT_WAITS, OWNED] > 0
    [one] = found.own
    other = replace(one, project=replace(one.project, name="lids"))
    folded = list(project_samples(ProjectFigures([], [one, other])))
    assert {s.labels[1] for s in folded} == {"(other)"}
    assert [s.value for s in folded if s.figure is f.PROJECT_PROMISED] == [600]
