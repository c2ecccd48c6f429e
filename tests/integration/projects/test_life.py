"""The life of a project in Postgres: what approval freezes, who decides, and what proves it."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from copq.access.authority import Actor
from copq.access.door import Role
from copq.database.connections import DatabaseRole, act_as
from copq.figures.project_baseline import measure_baseline as measure
from copq.figures.verify import verify
from copq.improvement.projects.plan import BenefitType
from copq.improvement.projects.states import State, Step
from copq.projects import accounts
from copq.projects.answers import account_of
from copq.projects.approving import approve
from copq.projects.evidence import baseline_of
from copq.projects.order import Order
from copq.projects.proposing import Imported
from copq.projects.savings import Verdict, claim, validate
from copq.projects.sizing import Measured, measure_plan, size
from copq.projects.steps import take
from copq.projects.store import (
    Project,
    ProjectError,
    accepted_amounts,
    evidence,
    forecasts,
    investments,
    project,
    promises,
    shares,
    substitutes,
)
from copq.rates.file import RateFileError
from copq.rates.store import load
from copq.schemas.projects import InvestmentItem
from tests.support.building import defect, post_events
from tests.support.periods.building import shut
from tests.support.projects import (
    CARLA,
    NOW,
    OLGA,
    add_month,
    approved,
    item,
    propose,
    with_ledger,
)
from tests.support.tampering import tampering

CAPS = ("north", "caps")
JAN, APR, MAY = date(2026, 1, 1), date(2026, 4, 1), date(2026, 5, 1)
OWNER, FINANCE = Order(OLGA, "because"), Order(CARLA, "checked")
OTHER = Order(Actor("otto"), "because")
HARD = BenefitType.HARD


@pytest.fixture
async def filled(conn: Any) -> Any:
    await with_ledger(conn)
    return conn


@pytest.fixture
async def running(filled: Any) -> tuple[Any, Project]:
    """A project with a bridge of January, which is closed."""
    await approved(filled)
    one = await take(filled, *CAPS, Step.START, OWNER)
    await add_month(filled, one, JAN, 80)
    await shut(filled, "2026-01")
    return filled, one


async def test_approval_freezes_what_is_proven_later(filled: Any) -> None:
    one = await approved(filled)
    assert (one.state, one.freeze is not None) == (State.APPROVED, True)
    assert [(s.what, s.by) for s in one.steps] == [
        ("propose", "olga"), ("size", "olga"), ("approve", "carla")
    ]  # fmt: skip
    assert [(p.month.month, p.amount) for p in await promises(filled, [one.id])] == [
        (5, 100), (6, 100), (7, 100)
    ]  # fmt: skip
    text = await evidence(filled, one.id) or ""
    of_line, cell = baseline_of(text).cells
    assert (of_line.product, of_line.booked, of_line.exposure) == ("", 0, 300)
    assert (cell.product, cell.booked, cell.exposure) == ("widget", 300, 300)
    content = json.loads(text)
    assert content["ledger"]["entries"] == 6
    assert text == json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )  # fmt: skip
    assert await verify(filled) == []


async def test_late_entries_of_the_baseline_do_not_change_what_is_frozen(filled: Any) -> None:
    one = await approved(filled)
    late = defect("late", "2026-02-10T12:00:00+01:00", 5, defect_code="loose")
    await post_events(filled, await load(filled), [late])
    _, cell = baseline_of(await evidence(filled, one.id) or "").cells
    assert cell.booked == 300
    assert await verify(filled) == []


FORGERIES = [
    ("update copq.project_plan set content = jsonb_set(content, '{starts}', '\"2026-06-01\"')",
     "plan"),
    ("update copq.project_promise set amount = 1 where month = '2026-05-01'", "promise"),
    ("update copq.ledger set net = 1, gross = 1 where event_id = 'd0' and element <> 'production'",
     "sha256"),
    ("update copq.project_freeze set revision = 7", "revision"),
    ("with f as (select replace(evidence, '_rates\":\"300\"', '_rates\":\"900\"') as forged "
     "from copq.project_freeze) update copq.project_freeze set evidence = forged, "
     "sha256 = sha256(convert_to(forged, 'UTF8')) from f", "cells"),
    ("update copq.project_freeze set rates_at = '2026-04-02'", "at"),
    ("update copq.project_freeze set booked_until = booked_until + interval '1 s'", "booked_until"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "what"), FORGERIES)
async def test_what_is_frozen_and_changed_by_force_is_found(
    filled: Any, sql: str, what: str
) -> None:
    await approved(filled)
    async with tampering(filled):
        await filled.execute(sql)
    found = [d for d in await verify(filled) if d.check == "project_freeze"]
    assert found and what in {name for one in found for name in one.expected or {}}


async def test_the_evidence_has_its_digest_whoever_writes_it(filled: Any) -> None:
    await approved(filled)
    async with tampering(filled):
        with pytest.raises(asyncpg.CheckViolationError):
            await filled.execute("update copq.project_freeze set evidence = evidence || ' '")


async def test_a_life_from_proposal_to_lapse_and_back(filled: Any) -> None:
    await approved(filled)
    for step, order in (
        (Step.START, OWNER), (Step.REALISE, OWNER), (Step.SIGN, FINANCE), (Step.SUSTAIN, FINANCE),
        (Step.LAPSE, FINANCE), (Step.REOPEN, FINANCE), (Step.CANCEL, OWNER),
    ):  # fmt: skip
        one = await take(filled, *CAPS, step, order)
    assert one.state is State.CANCELLED and one.steps[-1].why == "because"
    assert await verify(filled) == []


Attempt = Callable[[Any], Awaitable[Any]]
NO_REASON = Order(OLGA)
STEPS_REFUSED: list[tuple[Attempt, str]] = [
    (lambda c: take(c, *CAPS, Step.SIGN, FINANCE),
     'project "caps" of north: cannot sign a project that is approved: possible: start, cancel'),
    (lambda c: take(c, *CAPS, Step.START, OTHER),
     '"otto" does not own project "caps" of north: its owner "olga" may start it, or finance'),
    (lambda c: take(c, *CAPS, Step.CANCEL, NO_REASON),
     'project "caps" of north: give a reason to cancel a project: --why'),
    (lambda c: accounts.own(c, *CAPS, "carla", "", OWNER),
     '"carla" has decided about project 1 for finance: another person owns it'),
    (lambda c: accounts.own(c, *CAPS, "", "sven", OWNER),
     'project "caps" of north has the owner olga and the sponsor sven already'),
    (lambda c: accounts.withdraw_investment(c, *CAPS, "caper", OWNER),
     'project "caps" of north has no investment "caper"; it has: capper; did you mean "capper"?'),
    (lambda c: accounts.invest(
        c, *CAPS, InvestmentItem(name="x", amount=Decimal(1), first_month=MAY, currency="USD"),
        OWNER),
     'investment "x" of project "caps" of north is in USD, the project\'s figures are in EUR: give '
     "the amount that was booked for it in EUR"),
    (lambda c: accounts.add_non_routine(c, *CAPS, MAY, Decimal(0), "note", OWNER),
     "a non-routine amount of 0 changes nothing: give the amount"),
    (lambda c: accounts.add_non_routine(c, *CAPS, MAY, Decimal(5), " ", OWNER),
     "name the evidence that finance can check: --evidence"),
    (lambda c: accounts.add_non_routine(c, *CAPS, date(2026, 3, 1), Decimal(5), "note", OWNER),
     'project "caps" of north starts on 2026-04-15: 2026-03 is before it and counts nothing'),
    (lambda c: accounts.add_substitute(c, *CAPS, ("L1", "widget"), ("L1", "widget"), OWNER),
     '"widget" on L1 has a baseline of its own'),
    (lambda c: accounts.add_substitute(c, *CAPS, ("L1", "new"), ("L1", "other"), OWNER),
     '"other" on L1 has no baseline either; those that have one: widget on L1'),
    (lambda c: claim(c, *CAPS, MAY, HARD, None, OWNER),
     'project "caps" of north has no bridge of 2026-05 yet: the service computes it once the month '
     "has begun, or run copq projects refresh; the start is on 2026-04-15"),
]  # fmt: skip


async def test_what_a_project_cannot_do_is_refused_with_what_to_do(filled: Any) -> None:
    await approved(filled)
    for attempt, words in STEPS_REFUSED:
        with pytest.raises(ProjectError) as caught:
            await attempt(filled)
        assert str(caught.value) == words
    assert await verify(filled) == []


async def test_a_frozen_plan_is_not_imported_again_otherwise(filled: Any) -> None:
    await approved(filled)
    assert (await propose(filled, item())).unchanged == 1
    with pytest.raises(RateFileError, match=r"its plan is frozen\. Say what you expect now with"):
        await propose(filled, item(starts="2026-04-20"))
    with pytest.raises(RateFileError, match="change its owner or sponsor with copq projects own"):
        await propose(filled, item(owner="otto"))


UNMEASURABLE = [
    ({"scope": {"line": "L1", "defect_code": "lose"}},
     "the scope holds none of the 4 losses of north from 2026-01-01 to 2026-03-31. No loss of the "
     'baseline has the defect code "lose"; there are: loose; did you mean "loose"?.'),
    ({"scope": {"line": "L2", "defect_code": "loose"}},
     "the scope holds none of the 4 losses of north from 2026-01-01 to 2026-03-31. No loss has all "
     "of its names at once."),
    ({"baseline": {"first": "2025-01-01", "last": "2025-03-31"}},
     "north lost nothing from 2025-01-01 to 2025-03-31: choose a baseline with events"),
    ({"baseline": {"first": "2026-02-01", "last": "2026-04-10"}},
     "the baseline lasts until 2026-04-11 06:00 CEST: wait for its end, or choose an earlier one"),
    ({"benefits": []},
     "it promises nothing: give its benefits in its file, and import it again"),
    ({"scope": {"grouping": "family", "group": "caps"}},
     'north has no grouping "family"; its groupings: none yet'),
]  # fmt: skip


@pytest.mark.parametrize(("more", "words"), UNMEASURABLE, ids=lambda v: str(v)[:40])
async def test_a_plan_that_cannot_be_measured_is_refused(
    filled: Any, more: dict[str, Any], words: str
) -> None:
    await propose(filled, item(**more))
    with pytest.raises(ProjectError) as caught:
        await size(filled, *CAPS, await load(filled), measure, OWNER, NOW)
    assert str(caught.value) == words
    assert (await project(filled, *CAPS)).state is State.PROPOSED


async def test_a_baseline_in_another_currency_is_refused(filled: Any) -> None:
    async def in_two_currencies(*args: Any) -> Measured:
        found = await measure(*args)
        return Measured(replace(found.baseline, other_currencies=frozenset({"USD"})), ())

    await propose(filled, item())
    with pytest.raises(ProjectError) as caught:
        await size(filled, *CAPS, await load(filled), in_two_currencies, OWNER, NOW)
    assert str(caught.value) == (
        "the baseline has losses in USD, the project's figures are in EUR: begin the baseline "
        "after the change"
    )


async def test_a_baseline_without_production_is_refused(filled: Any) -> None:
    async def nothing_made(*args: Any) -> Measured:
        found = await measure(*args)
        cells = tuple(replace(cell, exposure=Decimal(0)) for cell in found.baseline.cells)
        return Measured(replace(found.baseline, cells=cells), ())

    await propose(filled, item())
    with pytest.raises(ProjectError, match="nothing was made from 2026-01-01 to 2026-03-31 in the"):
        await size(filled, *CAPS, await load(filled), nothing_made, OWNER, NOW)


async def test_a_scope_that_holds_everything_is_said_to(filled: Any) -> None:
    await propose(filled, item(scope={}, whole_plant=True))
    one = await project(filled, *CAPS)
    async with filled.transaction(isolation="repeatable_read"):
        sized = await measure_plan(filled, one.plan, await load(filled), measure, NOW)
    assert sized.notes == ["The scope holds everything that north lost in the baseline."]


async def test_only_finance_that_does_not_own_it_approves(filled: Any) -> None:
    await propose(filled, item())
    await size(filled, *CAPS, await load(filled), measure, OWNER, NOW)
    await accounts.own(filled, *CAPS, "otto", "", OWNER)
    for person in (OWNER, OTHER):
        with pytest.raises(ProjectError, match="or once did: another person of finance"):
            await approve(filled, *CAPS, measure, person, NOW)
    assert (await project(filled, *CAPS)).freeze is None


async def test_the_owner_of_an_approved_project_only_puts_more_into_it(filled: Any) -> None:
    one = await approved(filled)
    [capper] = await investments(filled, [one.id])
    fields = {"name": "capper", "amount": capper.amount, "first_month": capper.first_month}
    said = "or once did: another person of finance lowers or moves what was put into it, once it is"
    changes: tuple[dict[str, Any], ...] = (
        {"amount": Decimal(1)}, {"first_month": date(2027, 1, 1)},
        {"kind": "running", "last_month": date(2026, 4, 1)},
    )  # fmt: skip
    for change in changes:
        with pytest.raises(ProjectError, match=said):
            await accounts.invest(filled, *CAPS, InvestmentItem(**(fields | change)), OWNER)
    with pytest.raises(ProjectError, match=said):
        await accounts.withdraw_investment(filled, *CAPS, "capper", OWNER)
    manager = Order(Actor("mia", Role.MANAGER))
    with pytest.raises(ProjectError, match='"mia" is manager: finance lowers or moves'):
        await accounts.withdraw_investment(filled, *CAPS, "capper", manager)
    with pytest.raises(asyncpg.RestrictViolationError, match="another person of finance lowers"):
        await filled.execute(
            "insert into copq.project_investment "
            "(project, name, kind, first_month, amount, currency, set_by) "
            "values ($1, 'capper', 'once', '2026-04-01', 5, 'EUR', 'olga')", one.id,
        )  # fmt: skip
    with pytest.raises(RateFileError, match="change what is put into it with copq projects invest"):
        await propose(filled, item(investments=[item()["investments"][0] | {"amount": "5"}]))
    assert await propose(filled, item()) == Imported(0, 0, 1)
    assert [i.amount for i in await investments(filled, [one.id])] == [capper.amount]
    more = InvestmentItem(**(fields | {"amount": capper.amount + 1}))
    await accounts.invest(filled, *CAPS, more, OWNER)
    less = InvestmentItem(**(fields | {"amount": Decimal(7)}))
    await accounts.invest(filled, *CAPS, less, FINANCE)
    assert [i.amount for i in await investments(filled, [one.id])] == [7]


async def test_what_is_around_a_frozen_plan_changes_with_its_history(filled: Any) -> None:
    one = await approved(filled)
    monthly = InvestmentItem(name="service", kind="running", amount=Decimal(20), first_month=MAY)
    await accounts.invest(filled, *CAPS, monthly, OWNER)
    await accounts.withdraw_investment(filled, *CAPS, "capper", FINANCE)
    assert [i.name for i in await investments(filled, [one.id])] == ["service"]
    await accounts.forecast(filled, *CAPS, MAY, HARD, Decimal(60), OWNER)
    await accounts.forecast(filled, *CAPS, MAY, HARD, Decimal(70), OWNER)
    assert [f.amount for f in await forecasts(filled, [one.id])] == [70]
    first, second = [
        await accounts.add_non_routine(filled, *CAPS, MAY, Decimal(n), "note 7", OWNER)
        for n in (30, 5)
    ]
    with pytest.raises(ProjectError, match='"olga" owns project "caps" of north, or once did'):
        await accounts.decide(filled, *CAPS, "non_routine", first, "accept", OWNER)
    await accounts.decide(filled, *CAPS, "non_routine", first, "accept", FINANCE)
    await accounts.decide(filled, *CAPS, "non_routine", second, "reject", FINANCE)
    assert await accepted_amounts(filled, [one.id]) == {(one.id, MAY): {"note 7": 30}}
    with pytest.raises(ProjectError, match='non-routine 1 of project "caps" of north is decided'):
        await accounts.decide(filled, *CAPS, "non_routine", first, "reject", FINANCE)
    number = await accounts.add_substitute(filled, *CAPS, ("L1", "new"), ("L1", "widget"), OWNER)
    await accounts.decide(filled, *CAPS, "substitute", number, "accept", FINANCE)
    assert [(s.product, s.decision) for s in await substitutes(filled, [one.id])] == [
        ("new", "accepted")
    ]
    assert await verify(filled) == []


async def test_shares_add_up_to_one(filled: Any) -> None:
    await propose(filled, item(), item("labels"))
    part = {"caps": Decimal("0.6"), "labels": Decimal("0.3")}
    with pytest.raises(ProjectError) as caught:
        await accounts.divide(filled, "north", MAY, part, FINANCE)
    assert str(caught.value) == "0.6 + 0.3 = 0.9: shares add up to 1, such as 0.6 and 0.4"
    with pytest.raises(ProjectError, match="at least two"):
        await accounts.divide(filled, "north", MAY, {"caps": Decimal(1)}, FINANCE)
    with pytest.raises(ProjectError, match='has the name "cap"; its projects: caps, labels; did'):
        await accounts.divide(filled, "north", MAY, {"cap": Decimal(1), **part}, FINANCE)
    with pytest.raises(ProjectError, match="another person of finance divides its savings"):
        await accounts.divide(filled, "north", MAY, part, OWNER)
    await accounts.divide(filled, "north", MAY, {**part, "labels": Decimal("0.4")}, FINANCE)
    (found,) = await shares(filled, "north")
    assert sorted(found.shares.values()) == [Decimal("0.4"), Decimal("0.6")]


async def test_the_owner_claims_and_finance_validates_a_closed_month(running: Any) -> None:
    conn, one = running
    with pytest.raises(ProjectError, match=r"saved 80\.00 EUR net in 2026-01: claim at most 80"):
        await claim(conn, *CAPS, JAN, HARD, Decimal(81), OWNER)
    found = await claim(conn, *CAPS, JAN, HARD, None, OWNER)
    assert (found.amount, found.version) == (80, 1)
    await add_month(conn, one, APR, 10)
    await claim(conn, *CAPS, APR, HARD, None, OWNER)
    accept = Verdict("accept", in_budget=Decimal(50))
    with pytest.raises(ProjectError) as caught:
        await validate(conn, *CAPS, APR, HARD, accept, FINANCE)
    assert str(caught.value) == (
        "2026-04 of north is open: close it first, with copq periods close north 2026-04"
    )
    done = await validate(conn, *CAPS, JAN, HARD, accept, FINANCE)
    assert (done.decision, done.amount, done.in_budget, done.closing) == ("accepted", 80, 50, 1)
    assert await verify(conn) == []


async def test_types_together_take_no_more_than_the_month_saved(running: Any) -> None:
    conn, _ = running
    avoided = BenefitType.AVOIDANCE
    with pytest.raises(ProjectError, match=r"claim at least 0\.00 as avoidance"):
        await claim(conn, *CAPS, JAN, avoided, Decimal(-1000), OWNER)
    await claim(conn, *CAPS, JAN, HARD, Decimal(80), OWNER)
    await validate(conn, *CAPS, JAN, HARD, Verdict("accept"), FINANCE)
    await claim(conn, *CAPS, JAN, HARD, Decimal(0), OWNER)
    with pytest.raises(ProjectError, match=r"claim at most 0\.00 as avoidance"):
        await claim(conn, *CAPS, JAN, avoided, Decimal(80), OWNER)
    await validate(conn, *CAPS, JAN, HARD, Verdict("accept"), FINANCE)
    await claim(conn, *CAPS, JAN, avoided, Decimal(80), OWNER)


async def test_a_month_restated_below_what_is_validated_is_named_until_finance_lowers_it(
    running: Any,
) -> None:
    conn, one = running
    await claim(conn, *CAPS, JAN, HARD, None, OWNER)
    await validate(conn, *CAPS, JAN, HARD, Verdict("accept", in_budget=Decimal(30)), FINANCE)
    await add_month(conn, one, JAN, 20)
    assert [str(named) for named in await verify(conn)] == [
        "project_validation: plant north, project caps, month 2026-01-01: expected net 20, found "
        "validated 80"
    ]
    [shown] = (await account_of(conn, *CAPS)).as_json()["excesses"]
    assert (shown["month"], shown["validated"], shown["net"]) == (JAN, 80, 20)
    with pytest.raises(ProjectError, match="another person of finance validates"):
        await validate(conn, *CAPS, JAN, HARD, Verdict("reduce", Decimal(20)), OWNER)
    await validate(conn, *CAPS, JAN, HARD, Verdict("reduce", Decimal(20)), FINANCE)
    assert await verify(conn) == []
    assert (await account_of(conn, *CAPS)).excesses == []


async def test_a_month_that_can_no_longer_be_compared_is_not_claimed(running: Any) -> None:
    conn, one = running
    await conn.execute(
        "insert into copq.project_month (project, month, version, reason) values ($1, $2, 2, $3)",
        one.id, JAN, "2026-01 has losses in USD, the project is in EUR",
    )  # fmt: skip
    with pytest.raises(ProjectError) as caught:
        await claim(conn, *CAPS, JAN, HARD, None, OWNER)
    assert str(caught.value) == (
        'project "caps" of north has no bridge of 2026-01 any more: 2026-01 has losses in USD, the '
        "project is in EUR"
    )


async def test_a_restated_month_validates_no_more_than_it_saves_now(running: Any) -> None:
    conn, one = running
    await claim(conn, *CAPS, JAN, HARD, None, OWNER)
    await add_month(conn, one, JAN, 20)
    with pytest.raises(ProjectError) as caught:
        await validate(conn, *CAPS, JAN, HARD, Verdict("accept"), FINANCE)
    assert str(caught.value) == (
        'project "caps" of north now saves 20.00 EUR net in 2026-01: validate at most 20.00 as '
        "hard, or let its owner claim again"
    )
    done = await validate(conn, *CAPS, JAN, HARD, Verdict("reduce", Decimal(20)), FINANCE)
    assert done.amount == 20


async def test_who_claims_does_not_validate_and_who_validates_does_not_claim(running: Any) -> None:
    conn, _ = running
    with pytest.raises(ProjectError) as caught:
        await claim(conn, *CAPS, JAN, HARD, None, FINANCE)
    assert str(caught.value) == (
        '"carla" does not own project "caps" of north: its owner "olga" claims, and finance '
        "validates"
    )
    await claim(conn, *CAPS, JAN, HARD, None, OWNER)
    with pytest.raises(ProjectError, match='"olga" owns project "caps" of north, or once did'):
        await validate(conn, *CAPS, JAN, HARD, Verdict("accept"), OWNER)


REDUCTIONS = [
    (Verdict("accept", Decimal(70)), "80.00 is claimed: accept that, or reduce it"),
    (Verdict("reduce", Decimal(80)), "80.00 is claimed: reduce it to an amount nearer to 0"),
    (Verdict("reduce"), "80.00 is claimed: reduce it to an amount nearer to 0"),
    (Verdict("reduce", Decimal(60), Decimal(61)),
     "no more than 60 is validated: less than that is in the budget"),
]  # fmt: skip


async def test_a_reduction_has_an_amount_and_a_reason(running: Any) -> None:
    conn, _ = running
    with pytest.raises(ProjectError, match='no hard claim of 2026-01: its owner "olga" claims fir'):
        await validate(conn, *CAPS, JAN, HARD, Verdict("accept"), FINANCE)
    await claim(conn, *CAPS, JAN, HARD, None, OWNER)
    for verdict, words in REDUCTIONS:
        with pytest.raises(ProjectError) as caught:
            await validate(conn, *CAPS, JAN, HARD, verdict, FINANCE)
        assert str(caught.value) == words
    with pytest.raises(ProjectError, match="say why you reject it: --why"):
        await validate(conn, *CAPS, JAN, HARD, Verdict("reject"), Order(CARLA))
    done = await validate(conn, *CAPS, JAN, HARD, Verdict("reduce", Decimal(60)), FINANCE)
    assert (done.decision, done.amount, done.note) == ("reduced", 60, "checked")


async def test_a_closing_signs_the_savings_that_were_validated_before_it(running: Any) -> None:
    conn, _ = running
    await claim(conn, *CAPS, JAN, HARD, None, OWNER)
    await validate(conn, *CAPS, JAN, HARD, Verdict("accept"), FINANCE)
    await shut(conn, "2026-02")
    rows = await conn.fetch("select month, of_month, project, amount from copq.closing_saving")
    assert [tuple(row) for row in rows] == [(date(2026, 2, 1), JAN, "caps", 80)]
    assert await verify(conn) == []
    async with tampering(conn):
        await conn.execute("update copq.closing_saving set amount = 79")
    assert {d.check for d in await verify(conn)} == {"signed_off", "closing_saving"}
    async with tampering(conn):
        await conn.execute("delete from copq.closing_saving")
    assert {d.check for d in await verify(conn)} == {"signed_off", "closing_saving"}


async def test_owners_who_decide_are_found(running: Any) -> None:
    conn, _ = running
    await claim(conn, *CAPS, JAN, HARD, None, OWNER)
    await validate(conn, *CAPS, JAN, HARD, Verdict("accept"), FINANCE)
    async with tampering(conn):
        await conn.execute("update copq.project_validation set decided_by = 'olga'")
        await conn.execute("update copq.project_claim set claimed_by = 'otto'")
    found = [d.subject["what"] for d in await verify(conn) if d.check == "project_person"]
    assert found == ["claim", "validation"]


FINANCE_TOKEN = Order(Actor("fred", Role.FINANCE), "because")


async def test_finance_with_a_token_takes_the_steps_of_an_owner(filled: Any) -> None:
    await approved(filled)
    assert (await take(filled, *CAPS, Step.START, FINANCE_TOKEN)).state is State.RUNNING


async def test_each_side_works_in_its_role(filled: Any) -> None:
    await act_as(filled, DatabaseRole.PROJECTS)
    await propose(filled, item())
    await size(filled, *CAPS, await load(filled), measure, OWNER, NOW)
    await act_as(filled, DatabaseRole.FINANCE)
    one, _ = await approve(filled, *CAPS, measure, FINANCE, NOW)
    await act_as(filled, DatabaseRole.PROJECTS)
    await take(filled, *CAPS, Step.START, OWNER)
    await act_as(filled, DatabaseRole.AGGREGATOR)
    await add_month(filled, one, JAN, 80)
    await act_as(filled, DatabaseRole.FINANCE)
    await shut(filled, "2026-01")
    await act_as(filled, DatabaseRole.PROJECTS)
    await claim(filled, *CAPS, JAN, HARD, None, OWNER)
    await act_as(filled, DatabaseRole.FINANCE)
    await validate(filled, *CAPS, JAN, HARD, Verdict("accept"), FINANCE)
    await shut(filled, "2026-02")
    assert await verify(filled) == []
