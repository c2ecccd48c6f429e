"""Roles on a server of its own: made at once by many, refused to some, and a login for each."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner

from copq.access.door import Role
from copq.access.sender import Sender
from copq.access.token_door import TokenDoor
from copq.command_line.command import app
from copq.database.connections import DatabaseRole, RoleRefused, act_as, connected
from copq.database.migrate import migrate
from copq.database.queries import Queries
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.ingest import fate
from copq.ingest.people import people_pool
from copq.rates.book import RateBook
from copq.rates.store import import_rates, load, load_names
from copq.rates.watch import RateWatch
from copq.reporting.source import reading_pool
from copq.standalone.intake import LedgerIntake, pool_of
from tests.support.access.serving import bearer, grant
from tests.support.building import defect, plant, rates
from tests.support.database.shared_server import named
from tests.support.faults.processes import Service
from tests.support.faults.sender import Sender as Asking
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S
from tests.support.programs.forked import run_copq

FATE = Queries.of(fate.__file__).fate
AT = "2026-03-02T10:00:00+01:00"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One that no copq has seen yet."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("server")) as dsn:
        yield dsn


def ask(dsn: str, *statements: str) -> None:
    async def run() -> None:
        conn = await asyncpg.connect(dsn)
        for statement in statements:
            await conn.execute(statement)
        await conn.close()

    asyncio.run(run())


def as_user(dsn: str, user: str) -> str:
    return dsn.replace("//postgres:@", f"//{user}:@", 1)


_DROP_ROLES = tuple(f"drop role {role}" for role in DatabaseRole)

# The first three need a server without the roles: they come first.


def test_who_may_not_create_roles_is_told_what_to_do(server: str) -> None:
    ask(server, "create role poor login", "create database poor owner poor")
    with pytest.raises(asyncpg.InsufficientPrivilegeError) as refused:
        migrate(as_user(named(server, "poor"), "poor"))
    assert '"poor" may not make the database roles' in str(refused.value)
    hint = refused.value.hint
    assert hint is not None and "create role copq_ingest nologin; " in hint
    told = hint.removeprefix("Let an administrator of the server run: ").split(". ")[0]
    ask(server, *told.split("; "))
    migrate(as_user(named(server, "poor"), "poor"))
    ask(server, "drop database poor", "drop owned by poor", "drop role poor", *_DROP_ROLES)


def test_the_roles_alone_are_made_for_a_dump_to_be_restored(server: str) -> None:
    for _ in range(2):
        CliRunner().invoke(
            app, ["migrate", "--roles", "--database", server], catch_exceptions=False
        )
    ask(server, *(f"set role {role}" for role in DatabaseRole))
    ask(server, *_DROP_ROLES)


def test_many_databases_are_migrated_at_once(server: str) -> None:
    names = [f"d{number}" for number in range(4)]
    ask(server, *(f"create database {name}" for name in names))
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: migrate(named(server, name)), names))
    ask(named(server, "d3"), *(f"set role {role}" for role in DatabaseRole))


def test_an_owner_who_may_create_roles_needs_no_superuser(server: str) -> None:
    """As on a managed Postgres: one login for all, which may act in each role."""
    ask(server, "create role owner login createrole", "create database owned owner owner")
    dsn = as_user(named(server, "owned"), "owner")

    async def acts() -> None:
        for role in DatabaseRole:
            conn = await asyncpg.connect(dsn)
            await act_as(conn, role)
            await conn.close()
        conn = await asyncpg.connect(dsn)
        await import_rates(conn, rates(), "r.yaml", "t")
        for sql in ("delete from copq.rate_item", "truncate copq.audit",
                    "set session_replication_role = replica"):  # fmt: skip
            with pytest.raises(
                (asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)
            ):
                await conn.execute(sql)
        await conn.close()

    ask(server, *(f"grant {role} to owner with admin option" for role in DatabaseRole))
    migrate(dsn)
    asyncio.run(acts())


@pytest.fixture(scope="module")
def logins(server: str) -> str:
    """A migrated database, and a login a role, each a member of its role alone."""
    ask(server, "create database plant", *(
        f"create role only_{role.name.lower()} login in role {role}" for role in DatabaseRole
    ))  # fmt: skip
    dsn = named(server, "plant")
    migrate(dsn)

    async def fill() -> None:
        conn = await asyncpg.connect(dsn)
        await import_rates(conn, rates(plant(lines=("L1",))), "r.yaml", "t")
        await conn.close()

    asyncio.run(fill())
    return dsn


def only(dsn: str, role: DatabaseRole) -> str:
    return as_user(dsn, f"only_{role.name.lower()}")


@pytest.mark.parametrize("login", DatabaseRole)
@pytest.mark.parametrize("role", DatabaseRole)
async def test_a_login_acts_in_its_role_and_in_no_other(
    logins: str, login: DatabaseRole, role: DatabaseRole
) -> None:
    includes = {
        DatabaseRole.INGEST: {DatabaseRole.DOOR}, DatabaseRole.REPORTING: {DatabaseRole.DOOR},
        DatabaseRole.AGGREGATOR: {DatabaseRole.COSTING},
        DatabaseRole.PROJECTS: {DatabaseRole.REPORTING, DatabaseRole.DOOR},
        DatabaseRole.PACK: {DatabaseRole.REPORTING, DatabaseRole.DOOR},
    }  # fmt: skip
    if role is login or role in includes.get(login, ()):
        async with connected(only(logins, login), role):
            return
    with pytest.raises(RoleRefused, match=f'grant {role} to "only_{login.name.lower()}"'):
        async with connected(only(logins, login), role):
            pass


async def loaded(rates: RateWatch) -> RateBook:
    book = await rates.first(asyncio.Event())
    assert book
    return book


async def test_each_part_works_with_a_login_of_its_role_alone(logins: str) -> None:
    agg, ing = only(logins, DatabaseRole.AGGREGATOR), only(logins, DatabaseRole.INGEST)
    token = await grant(logins, "press")
    async with await pool_of(agg, size=1) as pool:
        await LedgerIntake(pool).accept([defect("d", AT, 2), b"{}"], Sender("press"))
    assert (await loaded(RateWatch(agg))).revision == 1
    assert (await loaded(RateWatch(only(logins, DatabaseRole.COSTING)))).revision == 1
    assert (await loaded(RateWatch(ing, names_only=True))).sites.keys() == {"north"}
    async with await people_pool(ing) as pool:
        row = await pool.fetchrow(*FATE(event_id="d", sender="press", as_asked="d"))
        assert row["state"] == "accepted"
    async with await reading_pool(only(logins, DatabaseRole.REPORTING)) as pool:
        assert await pool.fetchval("select count(*) from copq.ledger") == 0
    for login in (DatabaseRole.INGEST, DatabaseRole.REPORTING):
        door = TokenDoor(only(logins, login), monotonic=iter(range(0, 10**6, 100)).__next__)
        reading = asyncio.create_task(door.run())
        assert (await door.admit(token)).sender.name == "press"
        await asyncio.sleep(0)
        reading.cancel()
    async with connected(only(logins, DatabaseRole.FINANCE), DatabaseRole.FINANCE) as conn:
        await import_rates(conn, rates(plant(lines=("L1",)), recovery_rate="0.1"), "r.yaml", "t")
        assert (await load(conn)).revision == 2
    async with connected(only(logins, DatabaseRole.ADMIN), DatabaseRole.ADMIN) as conn:
        assert (await load_names(conn)).revision == 2


async def test_reporting_serves_with_a_login_of_its_role_alone(logins: str, tmp_path: Path) -> None:
    [port] = free_ports(1)
    reach = ("--database", only(logins, DatabaseRole.REPORTING), "--port", str(port))
    service = Service(tmp_path, "reporting", "reporting", *reach).start()
    try:
        await Asking(port).is_answered()
        token = await grant(logins, "boss", Role.MANAGER, frozenset({("north", None)}))
        async with httpx.AsyncClient(
            verify=False, base_url=f"http://127.0.0.1:{port}", trust_env=False
        ) as http:
            answer = await http.get("/v1/board", headers=bearer(token), timeout=PATIENCE_S)
            assert answer.status_code == 200, answer.text
    finally:
        print(service.tail())
        service.kill()


@pytest.mark.parametrize(
    ("words", "login"),
    [(("reporting",), DatabaseRole.INGEST), (("unpriced",), DatabaseRole.COSTING),
     (("tokens", "create", "x"), DatabaseRole.FINANCE),
     (("targets", "set", "3%"), DatabaseRole.REPORTING)],
)  # fmt: skip
def test_a_service_whose_login_may_not_says_so_and_ends(
    logins: str, words: tuple[str, ...], login: DatabaseRole
) -> None:
    done = run_copq(*words, "--database", only(logins, login), timeout=PATIENCE_S)
    assert done.returncode == 3, done.stdout + done.stderr
    assert f'the database user "only_{login.name.lower()}" may not act as' in done.stderr
    assert "Traceback" not in done.stderr
