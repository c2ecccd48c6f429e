"""Each role, each way in: what it may do and what it is refused."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Match, Route
from typer.testing import CliRunner

from copq.access.door import Role
from copq.command_line.command import app as command
from copq.database.connections import DatabaseRole, connected
from copq.desk.app import add_desk
from copq.desk.desk import acting_pool
from copq.ingest.http import make_http
from copq.ingest.people import add_people, people_pool
from copq.rates.store import import_rates
from copq.reporting.exporter.exporter import Exporter
from copq.reporting.exporter.http import add_metrics
from copq.reporting.results import add_results
from copq.reporting.source import reading_pool
from copq.standalone.intake import LedgerIntake, pool_of
from tests.support.access.serving import bearer, grant, run
from tests.support.building import book, defect, rates
from tests.support.reporting.api.asking import RoleDoor

READS = {Role.MANAGER, Role.FINANCE}
ENTERS = {Role.OPERATOR}
DECIDES = {Role.FINANCE}
EVENT = defect("d", "2026-03-02T10:00:00+01:00")

ENDPOINTS: list[tuple[str, str, set[Role]]] = [
    ("POST", "/v1/events", ENTERS), ("GET", "/form", ENTERS), ("POST", "/form", ENTERS),
    ("GET", "/v1/events/d", set(Role)),  # each sees its own alone
    ("GET", "/", READS), ("GET", "/v1/board", READS), ("GET", "/v1/copq", READS),
    ("GET", "/v1/trailing", READS), ("GET", "/v1/drivers", READS), ("GET", "/v1/entries", READS),
    ("GET", "/v1/why", READS), ("GET", "/v1/what-if?change=halve+type%3Ddefect", READS),
    ("GET", "/v1/problems", READS),
    ("GET", "/v1/entries?format=csv", READS), ("GET", "/metrics", READS),
    ("GET", "/v1/rate-documents", DECIDES), ("GET", "/v1/rate-documents/1", DECIDES),
    ("GET", "/v1/rate-documents/1/file", DECIDES),
    ("GET", "/v1/rate-book", DECIDES),
    ("POST", "/v1/rate-documents?name=a.yaml&why=x", DECIDES),
    ("POST", "/v1/rate-documents/check?name=a.yaml", DECIDES),
    ("POST", "/v1/rate-documents/1/approve", DECIDES),
    ("POST", "/v1/rate-documents/1/reject", DECIDES),
    ("GET", "/v1/periods/north/2026-03", DECIDES),
    ("POST", "/v1/periods/north/2026-03/close", DECIDES),
    ("POST", "/v1/periods/north/2026-03/reopen", DECIDES),
    ("POST", "/v1/periods/north/2026-03/lock", DECIDES),
    ("GET", "/finance", DECIDES), ("GET", "/finance/rates", DECIDES),
    ("POST", "/finance/rates/check", DECIDES), ("POST", "/finance/rates/submit", DECIDES),
    ("GET", "/finance/rates/1", DECIDES), ("POST", "/finance/rates/1/approve", DECIDES),
    ("GET", "/finance/unpriced", DECIDES), ("GET", "/finance/audit", DECIDES),
    ("GET", "/finance/files", DECIDES), ("POST", "/finance/files/bases", DECIDES),
    ("POST", "/finance/files/reporting-currency", DECIDES),
    ("GET", "/finance/targets", DECIDES), ("POST", "/finance/targets/target", DECIDES),
    ("POST", "/finance/targets/budget", DECIDES), ("GET", "/quality/targets", {Role.MANAGER}),
    ("GET", "/finance/rates/book", DECIDES), ("GET", "/finance/files/currencies/SEK", DECIDES),
    ("GET", "/finance/proofs", DECIDES), ("POST", "/finance/proofs/trail", DECIDES),
    ("POST", "/finance/proofs/compare", DECIDES), ("GET", "/finance/proofs/1", DECIDES),
    ("POST", "/finance/proofs/1/cancel", DECIDES),
    ("GET", "/finance/projects", DECIDES), ("POST", "/finance/projects", DECIDES),
    ("GET", "/finance/projects/north/caps", DECIDES),
    ("POST", "/finance/projects/north/caps/approve", DECIDES),
    ("POST", "/finance/projects/north/caps/shares/set", DECIDES),
    ("GET", "/quality/projects", {Role.MANAGER}), ("POST", "/quality/projects", {Role.MANAGER}),
    ("GET", "/quality/projects/north/caps", {Role.MANAGER}),
    ("POST", "/quality/projects/north/caps/start", {Role.MANAGER}),
    ("GET", "/admin", {Role.ADMIN}), ("POST", "/admin/tokens", {Role.ADMIN}),
    ("POST", "/admin/tokens/revoke", {Role.ADMIN}), ("GET", "/admin/sessions", {Role.ADMIN}),
    ("POST", "/admin/sessions/1/end", {Role.ADMIN}),
    ("GET", "/finance/savings", DECIDES), ("POST", "/finance/savings", DECIDES),
    ("GET", "/finance/repricing", DECIDES), ("POST", "/finance/repricing", DECIDES),
    ("GET", "/finance/repricing/1", DECIDES), ("POST", "/finance/repricing/1/cancel", DECIDES),
    ("GET", "/setup", DECIDES | {Role.ADMIN}), ("GET", "/setup/plant", DECIDES),
    ("POST", "/setup/plant", DECIDES), ("GET", "/setup/products", DECIDES),
    ("POST", "/setup/products", DECIDES), ("POST", "/setup/products/file", DECIDES),
    ("GET", "/setup/rates", DECIDES), ("POST", "/setup/rates", DECIDES),
    ("GET", "/setup/token", DECIDES | {Role.ADMIN}), ("POST", "/setup/token", {Role.ADMIN}),
    ("GET", "/setup/event", DECIDES), ("POST", "/setup/event", DECIDES),
    ("GET", "/setup/event/state?id=x", DECIDES),
    ("GET", "/quality", {Role.MANAGER}), ("GET", "/quality/rejected/1", {Role.MANAGER}),
    ("POST", "/quality/rejected/1/replay", {Role.MANAGER}),
    ("GET", "/quality/corrections", ENTERS),
    ("POST", "/quality/corrections", ENTERS),
    ("GET", "/finance/months", DECIDES), ("GET", "/finance/months/north/2026-03", DECIDES),
    ("POST", "/finance/months/north/2026-03/close", DECIDES),
    ("GET", "/v1/targets", READS), ("POST", "/v1/targets?name=a.yaml", DECIDES),
    ("POST", "/v1/targets/set", DECIDES), ("POST", "/v1/targets/budget", DECIDES),
    ("POST", "/v1/bases?name=a.yaml", DECIDES), ("POST", "/v1/groups?name=a.yaml", DECIDES),
    ("POST", "/v1/standing-costs?name=a.yaml", DECIDES),
    ("POST", "/v1/exchange-rates?name=a.csv", DECIDES), ("GET", "/v1/exchange-rates", READS),
    ("GET", "/v1/reporting-currency", READS), ("PUT", "/v1/reporting-currency", DECIDES),
    ("GET", "/v1/rejected", READS | ENTERS), ("GET", "/v1/rejected/1", READS | ENTERS),
    ("POST", "/v1/rejected/1/replay", ENTERS | {Role.MANAGER}),
    ("POST", "/v1/corrections", ENTERS), ("GET", "/v1/corrections", READS),
    ("POST", "/v1/repricings/plan", DECIDES), ("POST", "/v1/repricings", DECIDES),
    ("GET", "/v1/repricings", DECIDES), ("POST", "/v1/verify", DECIDES),
    ("POST", "/v1/audit/verify", DECIDES), ("GET", "/v1/jobs", DECIDES),
    ("GET", "/v1/jobs/1", DECIDES), ("POST", "/v1/jobs/1/cancel", DECIDES),
    ("POST", "/v1/projects?name=a.yaml", READS), ("POST", "/v1/projects/north/shares", DECIDES),
    *(("POST", f"/v1/projects/north/caps/{act}", READS) for act in (
        "size", "start", "realise", "cancel", "own", "invest", "forecast", "non-routine",
        "substitute", "claim")),
    *(("POST", f"/v1/projects/north/caps/{act}", DECIDES) for act in (
        "approve", "sign", "sustain", "lapse", "reopen", "decide", "validate")),
    ("GET", "/v1/projects/north/caps/export", READS), ("GET", "/v1/pack?plant=north", READS),
    ("GET", "/v1/projects/north/caps/evidence", READS),
    ("GET", "/v1/audit", DECIDES), ("GET", "/v1/audit/head", DECIDES),
    ("POST", "/v1/audit/anchors", DECIDES), ("GET", "/v1/audit/anchors", DECIDES),
    ("POST", "/v1/audit/anchors/compare", DECIDES),
    ("GET", "/v1/audit/export", DECIDES), ("GET", "/v1/tokens", {Role.ADMIN}),
    ("POST", "/v1/tokens", {Role.ADMIN}), ("DELETE", "/v1/tokens/x", {Role.ADMIN}),
    ("GET", "/v1/unpriced", READS),
    ("GET", "/v1/kpis", READS), ("GET", "/v1/periods", READS), ("GET", "/v1/plan", READS),
    ("GET", "/v1/pack?format=json&plant=north", READS),
    ("GET", "/v1/company", READS), ("GET", "/company", READS),
    ("GET", "/v1/coq", READS), ("GET", "/v1/coq/conformance", READS), ("GET", "/v1/bases", READS),
    ("GET", "/v1/groups", READS), ("GET", "/v1/standing-costs", READS),
    ("GET", "/v1/projects", READS), ("GET", "/v1/projects/north/caps", READS),
    ("GET", "/v1/projects/north/caps/bridge?month=2026-03", READS),
    ("GET", "/v1/projects/north/caps/evidence", READS),
    ("GET", "/v1/projects/north/caps/export", READS),
]  # fmt: skip


@pytest.fixture
async def app(database: str) -> AsyncIterator[FastAPI]:
    """All of `copq up`; the token is the name of its role."""
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(), "rates.yaml", "test")
    pools = [await make(database) for make in (pool_of, people_pool, reading_pool, acting_pool)]
    door = RoleDoor()
    app: FastAPI = make_http(intake := LedgerIntake(pools[0]), door)
    add_people(app, door, intake, pools[1], book)
    add_metrics(app, Exporter(database), door)
    add_desk(app, pools[3], add_results(app, pools[2], door), intake, intake, intake)
    yield app
    for pool in pools:
        await pool.close()


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The service without a socket."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://copq") as found:
        yield found


@pytest.mark.parametrize("role", Role)
async def test_a_role_gets_in_where_it_may_and_nowhere_else(
    client: httpx.AsyncClient, role: Role
) -> None:
    got = {}
    for method, path, allowed in ENDPOINTS:
        answer = await client.request(
            method, path, headers=bearer(role), content=EVENT if method != "GET" else None
        )
        got[method, path] = answer.status_code != 403
        assert answer.status_code < 500 and answer.status_code != 401, (path, answer.text)
        assert (await client.request(method, path)).status_code in (401, 303), path
        assert got[method, path] is (role in allowed), (path, answer.status_code)


async def test_each_route_states_its_roles(app: FastAPI) -> None:
    stated = [(method, path.partition("?")[0]) for method, path, _ in ENDPOINTS]
    routes = list(_routes(app))
    unstated = [
        (route.path, method)
        for route in routes
        if route.path.startswith(("/v1/", "/finance", "/quality", "/admin", "/setup"))
        for method in (route.methods or {"POST"}) - {"HEAD", "OPTIONS"}
        if not any(_is_of(route, method, path) for named, path in stated if named == method)
    ]  # fmt: skip
    assert unstated == []
    assert len(routes) > 50


def _routes(of: Any) -> Iterator[Route]:
    """Every route, also of routers that were included."""
    for one in of.routes:
        if isinstance(one, Route):
            yield one
        elif hasattr(one, "original_router"):
            yield from _routes(one.original_router)


def _is_of(route: Route, method: str, path: str) -> bool:
    match, _ = route.matches({"type": "http", "method": method, "path": path})
    return match is Match.FULL


@pytest.mark.parametrize(
    ("role", "home"),
    [(Role.MANAGER, "/"), (Role.FINANCE, "/"), (Role.OPERATOR, "/form"), (Role.ADMIN, "/admin")],
)
async def test_after_signing_in_each_role_lands_on_its_page(
    client: httpx.AsyncClient, role: Role, home: str
) -> None:
    said = await client.post("/login", data={"token": role}, headers={"sec-fetch-site": "none"})
    assert (said.status_code, said.headers["location"]) == (303, home)


async def test_an_operator_at_the_board_is_shown_the_way_to_the_form(
    client: httpx.AsyncClient,
) -> None:
    said = await client.get("/", headers=bearer(Role.OPERATOR))
    assert said.status_code == 403 and 'href="/form"' in said.text


TARGETS = "targets: [{plant: north, effective_from: 2026-03-01, ratio: 0.03}]\ntime_zone: UTC\n"
COMMANDS: list[tuple[tuple[str, ...], Role]] = [
    (("tokens", "create", "new"), Role.ADMIN), (("tokens", "revoke", "operator"), Role.ADMIN),
    (("targets", "set", "3%"), Role.FINANCE), (("targets", "budget", "9", "--plant", "north"),
                                               Role.FINANCE),
    (("targets", "import", "targets.yaml"), Role.FINANCE),
]  # fmt: skip


@pytest.mark.parametrize(("words", "role"), COMMANDS)
def test_a_command_that_writes_is_for_its_role(
    database: str,
    words: tuple[str, ...],
    role: Role,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def prepare() -> dict[Role, str]:
        async with connected(database, DatabaseRole.FINANCE) as conn:
            await import_rates(conn, rates(), "rates.yaml", "test")
        return {each: await grant(database, str(each), each) for each in Role}

    def tell(token: str | None) -> tuple[int, str]:
        env = {"COPQ_TOKEN": token}
        done = CliRunner().invoke(command, [*words, "--database", database], env=env)
        return done.exit_code, done.output

    def decisions() -> list[str]:
        rows = asyncio.run(
            run(database, "select who from copq.audit where who not in ('postgres', 'test')")
        )
        return [row["who"] for row in rows]

    (tmp_path / "targets.yaml").write_text(TARGETS)
    monkeypatch.chdir(tmp_path)
    tokens = asyncio.run(prepare())
    for other in set(Role) - {role}:
        code, said = tell(tokens[other])
        assert code == 1 and f'"{other}" is {other}; this is for {role}' in said.replace("\n", " ")
    for token in (None, "copq_x_y"):
        assert tell(token)[0] == 1
    assert decisions() == []
    assert tell(tokens[role])[0] == 0
    assert decisions() == [str(role)]
