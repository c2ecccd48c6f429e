"""Projects over random histories: what they save adds up, whenever their days were kept."""

import asyncio
import json
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import asyncpg
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from copq.database.connections import DatabaseRole, act_as
from copq.figures.books import Books
from copq.figures.project_months import PlantMonths, newest_versions
from copq.figures.project_refresh import Refreshed, refresh
from copq.figures.project_watch import running_on, watched_projects
from copq.figures.recomputing import ALL
from copq.figures.verify_measured import measured_projects
from copq.improvement.savings.cents import amount
from copq.improvement.savings.measured import savings_of
from copq.posting.post import prepare
from copq.projects.store import ProjectError
from copq.rates.file import RateFileError
from copq.rates.store import import_rates, load
from copq.summary.keeping import bring_up_to_date
from tests.integration.figures.test_project_months import approved, take_steps
from tests.integration.histories.test_explained import FULL, histories, play
from tests.support.building import post_events, production, rates
from tests.support.searching import examples
from tests.support.tampering import empty

BASELINE = {"first": "2026-01-31", "last": "2026-02-02"}
STARTS, FEBRUARY = "2026-02-03", date(2026, 2, 1)
NOW = datetime.fromisoformat("2026-03-05T12:00:00+01:00")
SCOPES: list[dict[str, list[str]]] = [
    {}, {"line": ["L1"]}, {"line": ["L2"]}, {"product": ["widget"]},
    {"element": ["defect", "downtime", "scrap"]}, {"stage": ["S2"]},
]  # fmt: skip


async def clear(conn: Any) -> None:
    """Take the projects of the example before away, whatever keeps them."""
    tables = await conn.fetch(
        "select oid::regclass::text as name from pg_class where relkind = 'r' "
        "and relnamespace = 'copq'::regnamespace and relname like 'project%'"
    )
    await conn.execute("set session_replication_role = replica")
    for table in tables:
        await conn.execute(f"delete from {table['name']}")
    await conn.execute("delete from copq.summary_position")
    await conn.execute("set session_replication_role = origin")


@settings(examples(0.03), phases=[Phase.explicit, Phase.generate])
@given(data=st.data(), steps=histories())
def test_what_projects_save_adds_up_at_every_moment(
    database: str, data: st.DataObject, steps: list[tuple[str, Any]]
) -> None:
    scopes = data.draw(st.lists(st.sampled_from(SCOPES), min_size=1, max_size=3))
    cut = data.draw(st.integers(0, len(steps)))

    async def run() -> None:
        conn, service = await asyncpg.connect(database), await asyncpg.connect(database)
        try:
            await prepare(conn)
            await empty(conn)
            await clear(conn)
            await act_as(service, DatabaseRole.AGGREGATOR)
            await import_rates(conn, rates(**FULL), "rates", "finance")
            made = [production("made", "2026-02-01T12:00:00+01:00", 40)]
            await post_events(conn, await load(conn), made)
            await play(conn, database, steps[:cut])
            for number, scope in enumerate(scopes):
                whole = {} if scope else {"whole_plant": True}
                try:
                    await approved(
                        conn, f"p{number}", scope=scope, baseline=BASELINE, starts=STARTS, **whole
                    )
                except (ProjectError, RateFileError):
                    continue  # it holds nothing yet
            await _refresh(service)
            await _decide(conn, data)
            await play(conn, database, steps[cut:])
            await _refresh(service)
            assert await _refresh(service) == Refreshed(
                projects=len(await watched_projects(conn, await load(conn)))
            )
            await _adds_up(conn)
            async with conn.transaction(isolation="repeatable_read"):
                assert await measured_projects(conn, ALL) == [], steps
        finally:
            await conn.close()
            await service.close()

    asyncio.run(run())


NOT_ROUTINE = (
    "with stated as (insert into copq.project_non_routine (project, month, amount, reason, "
    "evidence, set_by) values ($1, '2026-02-01', $2, 'flood', $3, 'olga') returning number) "
    "insert into copq.project_decision (kind, number, project, decision, decided_by, note) "
    "select 'non_routine', number, $1, 'accepted', 'carla', 'seen' from stated"
)
SHARES = (
    "insert into copq.project_share (plant, from_month, shares, set_by, why) "
    "values ('north', '2026-02-01', $1, 'carla', 'agreed')"
)
GAP = (("start", "2026-02-03"), ("realise", "2026-02-04"), ("lapse", "2026-02-08"),
       ("reopen", "2026-02-16"))  # fmt: skip


async def _decide(conn: Any, data: st.DataObject) -> None:
    """What finance decides of some projects: amounts that are not routine, shares, a lapse."""
    found = await watched_projects(conn, await load(conn))
    for one in found:
        if data.draw(st.booleans()):
            evidence = data.draw(st.sampled_from(["report 7", "strike"]))
            amount = Decimal(data.draw(st.integers(1, 9999))).scaleb(-2)
            await conn.execute(NOT_ROUTINE, one.id, amount, evidence)
        if data.draw(st.booleans()):
            await take_steps(conn, one.project, *GAP)
    if len(found) > 1 and data.draw(st.booleans()):
        parts = ["0.7", "0.3"] if len(found) == 2 else ["0.5", "0.3", "0.2"]
        ids = [str(one.id) for one in found]
        await conn.execute(SHARES, json.dumps(dict(zip(ids, parts, strict=True))))


async def _refresh(service: Any) -> Refreshed | None:
    await bring_up_to_date(service)
    return await refresh(service, Books(), NOW)


async def _adds_up(conn: Any) -> None:
    """Each set of projects shares what the first approved of them saved, to the cent."""
    found = await watched_projects(conn, await load(conn))
    months, whole = PlantMonths(conn, found), Decimal(0)
    by_set: dict[frozenset[int], list[Any]] = defaultdict(list)
    nets = Decimal(0)
    for one in sorted(found, key=lambda own: (own.freeze.frozen_at, own.id)):
        version = (await newest_versions(conn, one.id)).get(FEBRUARY)
        if version is None:
            return  # nothing was booked, or nothing is comparable
        assert version.figures.residual == 0
        nets += version.figures.net
        own, _ = await months.exact(one, FEBRUARY)
        days = [FEBRUARY + timedelta(days=number) for number in range(28)]
        for members, places in savings_of(own, running_on(days, found)).items():
            by_set[members].append((own, places))
    for views in by_set.values():
        saving: dict[Any, Fraction] = {}
        for own, places in views:
            for place in {place for _, seen in views for place in seen}:
                if place in places if isinstance(place, str) else own.standard(place) is not None:
                    saving.setdefault(place, places.get(place, Fraction()))
        whole += amount(sum(saving.values(), Fraction()), "EUR")
    assert nets == whole
