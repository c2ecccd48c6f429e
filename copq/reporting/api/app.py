"""Add the query API to a service."""

import asyncpg
from fastapi import APIRouter, FastAPI

from copq.access.door import Door
from copq.reporting.api.bases import add_bases
from copq.reporting.api.company import add_company
from copq.reporting.api.coq import add_coq
from copq.reporting.api.entries import add_entries
from copq.reporting.api.figures import add_figures
from copq.reporting.api.groups import add_groups
from copq.reporting.api.kpis import add_kpis
from copq.reporting.api.pack import add_pack
from copq.reporting.api.periods import add_periods
from copq.reporting.api.plan import add_plan
from copq.reporting.api.problems import add_problems
from copq.reporting.api.projects import add_projects
from copq.reporting.api.standing_costs import add_standing_costs
from copq.reporting.api.unpriced import add_unpriced
from copq.reporting.api.what_if import add_what_if
from copq.reporting.api.why import add_why
from copq.reporting.source import Clock, Source, wall_clock
from copq.web.answers import NOT_ANSWERED
from copq.web.questions import SOUND
from copq.web.routes import add_routes


def add_api(app: FastAPI, pool: asyncpg.Pool, door: Door, clock: Clock = wall_clock) -> Source:
    """Add `GET /v1/copq`, `/v1/trailing`, `/v1/drivers`, `/v1/why`, `/v1/kpis`, `/v1/periods`,
    `/v1/entries`, `/v1/plan`, `/v1/coq`, `/v1/company`, `/v1/bases`, `/v1/standing-costs`,
    `/v1/groups`, `/v1/what-if`, `/v1/problems`, `/v1/unpriced`, `/v1/corrections`, `/v1/projects`,
    `/v1/projects/{plant}/{name}` and `/v1/pack`.

    Returns the source that they read from. It only reads through the pool. `door` must let only
    managers and finance see results.
    """
    source = Source(pool, door, clock)
    router = APIRouter(tags=["results"], responses=NOT_ANSWERED, dependencies=[SOUND])
    add_figures(router, source)
    add_kpis(router, source)
    add_periods(router, source)
    add_entries(router, source)
    add_plan(router, source)
    add_coq(router, source)
    add_company(router, source)
    add_bases(router, source)
    add_groups(router, source)
    add_standing_costs(router, source)
    add_why(router, source)
    add_what_if(router, source)
    add_problems(router, source)
    add_projects(router, source)
    add_pack(router, source)
    add_unpriced(router, source)
    add_routes(app, router)
    return source
