"""What Postgres itself refuses of projects, by direct SQL in each role."""

from datetime import date
from typing import Any

import asyncpg
import pytest

from copq.database.connections import DatabaseRole
from copq.improvement.projects.plan import BenefitType
from copq.improvement.projects.states import State, Step, StepRefused, next_state
from copq.projects.order import Order
from copq.projects.savings import Verdict, claim, validate
from copq.projects.steps import take
from copq.projects.store import Project
from tests.support.periods.building import shut
from tests.support.projects import CARLA, OLGA, add_month, approved, item, propose, with_ledger
from tests.support.tampering import tampering

JAN, APR = date(2026, 1, 1), date(2026, 4, 1)
ROLES = tuple(DatabaseRole)
REFUSED = (asyncpg.InsufficientPrivilegeError, asyncpg.RestrictViolationError)


@pytest.fixture
async def claimed(conn: Any) -> tuple[Any, Project]:
    """A project with claims of January, which is closed, and of April, which is not."""
    await with_ledger(conn)
    await approved(conn)
    one = await take(conn, "north", "caps", Step.START, Order(OLGA))
    await propose(conn, item("labels"))
    for month in (JAN, APR):
        await add_month(conn, one, month, 80)
        await claim(conn, "north", "caps", month, BenefitType.HARD, None, Order(OLGA))
    await shut(conn, "2026-01")
    await validate(
        conn, "north", "caps", JAN, BenefitType.HARD, Verdict("accept"), Order(CARLA, "checked")
    )
    return conn, one


async def refused(conn: Any, role: str | None, sql: str, *errors: type[Exception]) -> str:
    """The message with which Postgres refuses a statement in a role."""
    with pytest.raises(errors or REFUSED) as caught:
        async with conn.transaction():
            if role:
                await conn.execute(f"set local role {role}")
            await conn.execute(sql)
    return str(getattr(caught.value, "message", caught.value))


FROZEN = ("project_freeze", "project_promise", "project_plan", "project_step", "project_validation",
          "project_claim", "project_owner", "project_month")  # fmt: skip


async def test_nobody_changes_what_is_frozen_or_signed(claimed: tuple[Any, Project]) -> None:
    """Not even the database's owner, as long as the triggers are there."""
    conn, _ = claimed
    for table in FROZEN:
        for change in (f"update copq.{table} set project = project", f"delete from copq.{table}",
                       f"truncate copq.{table} cascade"):  # fmt: skip
            for role in (None, *ROLES):
                await refused(conn, role and str(role), change)


PLAN = "insert into copq.project_plan (project, content, set_by, source) values (1, '{}', 'x', 'x')"
PROMISE = (
    "insert into copq.project_promise (project, month, type, amount) "
    "values (1, '2027-01-01', 'hard', 1)"
)
FREEZE = (
    "insert into copq.project_freeze (project, plan, revision, rates_at, booked_until, currency, "
    "evidence, sha256, frozen_by) select {project}, {plan}, 1, now(), now(), 'EUR', '{{}}', "
    "sha256('{{}}'), '{by}'"
)


async def test_nothing_is_added_to_what_is_frozen(claimed: tuple[Any, Project]) -> None:
    conn, _ = claimed
    assert await refused(conn, "copq_finance", PLAN) == (
        "project 1 is approved: its plan is frozen"
    )
    assert await refused(conn, "copq_projects", PLAN) == (
        "project 1 is approved: its plan is frozen"
    )
    assert await refused(conn, "copq_finance", PROMISE) == (
        "project 1 is approved: its promise is frozen"
    )
    again = FREEZE.format(project=1, plan=1, by="finn")
    assert "only a sized one is approved" in await refused(conn, "copq_finance", again)
    not_sized = FREEZE.format(project=2, plan=2, by="finn")
    assert "project 2 is proposed" in await refused(conn, "copq_finance", not_sized)


STEP = (
    "insert into copq.project_step (project, step, what, state, taken_by) "
    "values ({project}, {step}, '{what}', '{state}', '{by}')"
)


async def test_a_step_leads_on_from_the_last_one(claimed: tuple[Any, Project]) -> None:
    conn, _ = claimed
    skips = STEP.format(project=1, step=5, what="sign", state="signed", by="finn")
    assert "does not lead on from there" in await refused(conn, "copq_finance", skips)
    gap = STEP.format(project=1, step=7, what="realise", state="realised", by="finn")
    assert "does not lead on from there" in await refused(conn, "copq_finance", gap)
    await conn.execute(STEP.format(project=2, step=2, what="size", state="sized", by="olga"))
    bare = STEP.format(project=2, step=3, what="approve", state="approved", by="finn")
    assert "there is nothing frozen" in await refused(conn, "copq_finance", bare)
    owner = FREEZE.format(project=2, plan=2, by="olga")
    assert '"olga" owns project 2' in await refused(conn, "copq_finance", owner)
    old = FREEZE.format(project=2, plan=1, by="finn")
    assert "plan 1 is not the newest of project 2" in await refused(conn, "copq_finance", old)
    await conn.execute(STEP.format(project=1, step=5, what="realise", state="realised", by="olga"))
    own = STEP.format(project=1, step=6, what="sign", state="signed", by="olga")
    assert '"olga" owns project 1, or once did: another person' in await refused(
        conn, "copq_finance", own
    )


TRY_STEP = """
create function pg_temp.takes(step text, target text, by_person text, reason text)
returns boolean language plpgsql as $$
begin
    insert into copq.project_step (project, step, what, state, taken_by, why)
    select 1, max(s.step) + 1, takes.step, target, by_person, reason
    from copq.project_step as s where project = 1;
    raise exception using errcode = 'ZZ001';
exception
    when restrict_violation then return false;
    when sqlstate 'ZZ001' then return true;  -- it was taken, and is taken back
end $$
"""
EVERY_STEP = (
    "select step, target, person, reason, pg_temp.takes(step, target, person, reason) "
    "from unnest($1::text[]) step, unnest($2::text[]) target, unnest('{olga,finn}'::text[]) person,"
    " unnest('{because,\"\"}'::text[]) reason"
)


async def test_postgres_takes_the_steps_that_the_product_takes_from_every_state(
    claimed: tuple[Any, Project],
) -> None:
    conn, _ = claimed
    await conn.execute(TRY_STEP)
    taken = 0
    for source in State:
        async with tampering(conn):
            await conn.execute("update copq.project_step set state = $1 where step = 4", source)
        for row in await conn.fetch(EVERY_STEP, [*map(str, Step), "propose"], list(State)):
            step, target, by, reason, is_taken = row
            said = f"{by} takes {step} from {source} to {target}, because {reason!r}"
            assert is_taken == _is_taken(source, step, target, by, reason), said
            taken += is_taken
    assert taken == 37, "8 of the owner, 18 of finance; 4 and 7 of them without a reason"


def _is_taken(source: State, step: str, target: str, by: str, reason: str) -> bool:
    if step == "propose":
        return False
    try:
        return next_state(source, Step(step), by=by, owners={"olga"}, reason=reason) == target
    except StepRefused:
        return False


OF_FINANCE = (
    FREEZE.format(project=2, plan=2, by="finn"),
    STEP.format(project=1, step=5, what="sign", state="signed", by="finn"),
    "insert into copq.project_decision (kind, number, project, decision, decided_by, note) "
    "values ('non_routine', 1, 1, 'accepted', 'finn', 'x')",
    "insert into copq.project_share (plant, from_month, shares, set_by, why) "
    "values ('north', '2026-04-01', '{\"1\": \"0.5\", \"2\": \"0.5\"}', 'finn', 'x')",
    "insert into copq.project_validation (claim, project, plant, month, type, decision, amount, "
    "closing, note, decided_by) values (1, 1, 'north', '2026-01-01', 'hard', 'rejected', 0, 1, "
    "'x', 'finn')",
    "insert into copq.closing_saving select * from copq.closing_saving",
)


async def test_owners_and_services_take_no_decision_of_finance(
    claimed: tuple[Any, Project],
) -> None:
    conn, _ = claimed
    for sql in OF_FINANCE:
        for role in ROLES:
            if role is not DatabaseRole.FINANCE:
                await refused(conn, str(role), sql)


VALIDATION = (
    "insert into copq.project_validation (claim, project, plant, month, type, decision, amount, "
    "closing, note, decided_by) select number, project, 'north', month, type, '{what}', {amount}, "
    "1, 'x', '{by}' from copq.project_claim where month = '{month}'"
)


async def test_a_validation_is_of_a_closed_month_and_by_another_person(
    claimed: tuple[Any, Project],
) -> None:
    conn, _ = claimed
    january = {"what": "rejected", "amount": 0, "month": JAN}
    assert "2026-04 of north is open" in await refused(
        conn, "copq_finance", VALIDATION.format(**{**january, "month": APR}, by="finn")
    )
    assert "claims it: another person of finance" in await refused(
        conn, "copq_finance", VALIDATION.format(**january, by="olga")
    )
    await conn.execute(OWNER.format(by="otto"))
    assert '"otto" owns project 1, or once did: another person of finance' in await refused(
        conn, "copq_finance", VALIDATION.format(**january, by="otto")
    )
    assert "a claim of 80 is not reduced at 81" in await refused(
        conn, "copq_finance",
        VALIDATION.format(what="reduced", amount=81, by="finn", month=JAN),
        asyncpg.CheckViolationError,
    )  # fmt: skip


CLAIM = (
    "insert into copq.project_claim (project, month, version, type, amount, claimed_by) "
    "values (1, '2026-01-01', 1, 'hard', 1, '{by}')"
)
OWNER = (
    "insert into copq.project_owner (project, owner, sponsor, set_by) "
    "values (1, '{by}', 'sven', 'x')"
)


async def test_only_the_owner_claims_and_no_validator_becomes_owner(
    claimed: tuple[Any, Project],
) -> None:
    conn, _ = claimed
    for role in ("copq_projects", "copq_finance"):
        message = await refused(conn, role, CLAIM.format(by="carla"))
        assert message == '"carla" does not own project 1: its owner "olga" claims its savings'
        message = await refused(conn, role, OWNER.format(by="carla"))
        assert message == '"carla" has decided about project 1 for finance: another person owns it'


async def test_the_guards_see_all_rows_whatever_lines_the_connection_says(
    claimed: tuple[Any, Project],
) -> None:
    conn, _ = claimed
    await conn.execute("reset copq.lines")
    for sql in (OWNER.format(by="carla"), CLAIM.format(by="carla")):
        assert "project 1" in await refused(conn, "copq_projects", sql)


async def test_shares_are_a_whole_and_of_the_plant(claimed: tuple[Any, Project]) -> None:
    conn, _ = claimed
    share = (
        "insert into copq.project_share (plant, from_month, shares, set_by, why) "
        "values ('north', '2026-04-01', '{shares}', 'finn', 'x')"
    )
    for shares, words in (
        ('{"1": "0.6", "2": "0.3"}', "shares add up to 0.9: they must add up to 1"),
        ('{"1": "1.5", "2": "-0.5"}', "a share is negative, or of a project that is not in north"),
        ('{"1": "0.5", "9": "0.5"}', "a share is negative, or of a project that is not in north"),
    ):
        sql = share.format(shares=shares)
        assert await refused(conn, "copq_finance", sql, asyncpg.CheckViolationError) == words


async def test_nobody_sets_shares_of_what_they_own_or_owns_what_they_divided(
    claimed: tuple[Any, Project],
) -> None:
    conn, _ = claimed
    await propose(conn, item("labels", owner="lea"))
    share = (
        "insert into copq.project_share (plant, from_month, shares, set_by, why) "
        "values ('north', '2026-04-01', '{{\"1\": \"0.6\", \"2\": \"0.4\"}}', '{by}', 'x')"
    )
    for number, owner in enumerate(("olga", "lea"), 1):
        message = await refused(conn, "copq_finance", share.format(by=owner))
        assert message == (
            f'"{owner}" owns project {number}, or once did: another person of finance sets shares'
        )
    await conn.execute(share.format(by="finn"))
    message = await refused(conn, "copq_projects", OWNER.format(by="finn"))
    assert message == '"finn" has decided about project 1 for finance: another person owns it'
