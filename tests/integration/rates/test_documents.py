"""Rates as documents: two people, nothing in force is ever edited, and what is in force when."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import asyncpg
import pytest

from copq.access.authority import Actor
from copq.access.door import Role
from copq.ledger.arithmetic import MONEY
from copq.pricing.price import price
from copq.rates.documents import (
    NotPossible,
    RateSubmission,
    State,
    approve,
    content,
    documents,
    import_alone,
    one_document,
    original,
    reject,
    submit,
)
from copq.rates.file import RateFileError, parse_rates
from copq.rates.store import current_revision, import_rates, load
from copq.schemas.priced import Outcome
from tests.support.costing.rows import case, event

ANNA, CARLA = Actor("anna", Role.FINANCE), Actor("carla", Role.FINANCE)
PLANT = "plants: [{plant: p, time_zone: UTC, day_start: '00:00', currency: USD}]\n"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def handed_in(*tables: tuple[str, str], more: str = PLANT) -> RateSubmission:
    """Labour rates of plant p, each a date and money a minute."""
    rows = ", ".join(
        f"{{plant: p, effective_from: {day}T00:00:00Z, rate_per_minute: {rate}}}"
        for day, rate in tables
    )
    text = f"{more}labour_rates: [{rows}]\n"
    return RateSubmission(parse_rates(text), "rates.yaml", text.encode())


async def approved(conn: Any, *tables: tuple[str, str], more: str = "") -> int:
    number = await submit(conn, handed_in(*tables, more=more), ANNA, "new rates")
    await approve(conn, number, CARLA, "", await current_revision(conn))
    return number


async def states(conn: Any, now: datetime = NOW) -> list[State]:
    return [document.state for document in await documents(conn, now)]


async def test_a_document_goes_from_draft_to_approved_in_force_and_superseded(conn: Any) -> None:
    number = await submit(conn, handed_in(("2026-01-01", "1")), ANNA, "first")
    assert (await states(conn), await current_revision(conn)) == ([State.DRAFT], 0)
    imported = await approve(conn, number, CARLA, "checked", 0)
    assert imported.revision == await current_revision(conn)
    await approved(conn, ("2027-01-01", "2"), more="")
    # the plant of the first stays in force, so does its document
    assert await states(conn) == [State.IN_FORCE, State.APPROVED]
    await approved(conn, ("2028-01-01", "3"), more="")
    later = NOW + timedelta(days=365)
    assert await states(conn, later) == [State.IN_FORCE, State.IN_FORCE, State.APPROVED]
    latest = NOW + timedelta(days=1000)
    assert await states(conn, latest) == [State.IN_FORCE, State.SUPERSEDED, State.IN_FORCE]


async def test_what_is_corrected_before_it_begins_was_never_in_force(conn: Any) -> None:
    await approved(conn, ("2026-01-01", "1"), more=PLANT)
    await approved(conn, ("2027-01-01", "2"))
    await approved(conn, ("2027-01-01", "3"))
    assert (await states(conn))[1:] == [State.SUPERSEDED, State.APPROVED]


async def test_what_has_ended_is_in_force_no_longer(conn: Any) -> None:
    await approved(conn, ("2026-01-01", "1"), more=PLANT)
    ended = handed_in(("2026-02-01T00:00:00Z, effective_to: 2026-03-01", "2"), more="")
    number = await submit(conn, ended, ANNA, "February")
    await approve(conn, number, CARLA, "", await current_revision(conn))
    assert (await states(conn))[1] is State.SUPERSEDED
    assert (await states(conn, datetime(2026, 2, 2, tzinfo=UTC)))[1] is State.IN_FORCE


async def test_nobody_approves_what_is_their_own(conn: Any) -> None:
    number = await submit(conn, handed_in(("2026-01-01", "1")), ANNA, "first")
    with pytest.raises(NotPossible, match='submitted by "anna": another person'):
        await approve(conn, number, ANNA, "", 0)
    with pytest.raises(asyncpg.RestrictViolationError, match="another person"):
        async with conn.transaction():
            revision = await conn.fetchval(
                "insert into copq.rate_revision (source, imported_by) values ('s', 'anna') "
                "returning revision"
            )
            await conn.execute(
                "insert into copq.rate_decision (document, decision, revision, decided_by, why) "
                "values ($1, 'approved', $2, 'anna', '')",
                number, revision,
            )  # fmt: skip
    assert (await states(conn), await current_revision(conn)) == ([State.DRAFT], 0)


async def test_whoever_was_taken_at_their_word_is_nobody_once_there_are_tokens(conn: Any) -> None:
    number = await submit(conn, handed_in(("2026-01-01", "1")), Actor("anna"), "first")
    with pytest.raises(NotPossible, match="without a token"):
        await approve(conn, number, CARLA, "", 0)
    with pytest.raises(NotPossible, match="one person submits"):
        await import_alone(conn, handed_in(("2026-01-01", "1")), CARLA, "alone")
    assert await current_revision(conn) == 0


async def test_an_import_in_one_step_is_recorded_as_such(conn: Any) -> None:
    await import_alone(conn, handed_in(("2026-01-01", "1")), Actor("anna"), "first", ["a gap"])
    found = await one_document(conn, 1)
    assert found.decision is not None
    assert (found.decision.alone, found.decision.by, found.told_apart) == (True, "anna", False)
    assert found.decision.concerns == ("a gap",)
    await import_alone(conn, handed_in(("2026-01-01", "1.0")), Actor("anna"), "again")
    assert len(await documents(conn, NOW)) == 1


async def test_a_draft_is_rejected_by_others_and_withdrawn_by_its_own(conn: Any) -> None:
    for actor, state in ((CARLA, State.REJECTED), (ANNA, State.WITHDRAWN)):
        number = await submit(conn, handed_in(("2026-01-01", "1")), ANNA, "first")
        assert await reject(conn, number, actor, "a typo") is state
        with pytest.raises(NotPossible, match=f"is {state}"):
            await approve(conn, number, CARLA, "", 0)
        with pytest.raises(NotPossible, match=f"is {state}"):
            await reject(conn, number, CARLA, "again")
    assert await current_revision(conn) == 0


async def test_a_book_that_has_changed_since_the_review_is_reviewed_again(conn: Any) -> None:
    await approved(conn, ("2026-01-01", "1"), more=PLANT)
    reviewed = await current_revision(conn)
    number = await submit(conn, handed_in(("2026-02-01", "2")), ANNA, "February")
    await approved(conn, ("2026-02-01", "9"))
    with pytest.raises(NotPossible, match="review it again"):
        await approve(conn, number, CARLA, "", reviewed)
    await approve(conn, number, CARLA, "", await current_revision(conn))


async def test_a_draft_that_changes_nothing_any_more_is_not_approved(conn: Any) -> None:
    number = await submit(conn, handed_in(("2026-01-01", "1")), ANNA, "first")
    await approved(conn, ("2026-01-01", "1"), more=PLANT)
    with pytest.raises(NotPossible, match="changes nothing"):
        await approve(conn, number, CARLA, "", await current_revision(conn))
    assert len(await conn.fetch("select from copq.rate_revision")) == 1


async def test_of_two_who_approve_at_once_one_does(conn: Any, database: str) -> None:
    number = await submit(conn, handed_in(("2026-01-01", "1")), ANNA, "first")
    others = [await asyncpg.connect(database) for _ in range(4)]
    tried = await asyncio.gather(
        *(approve(other, number, CARLA, "", 0) for other in others), return_exceptions=True
    )
    assert sorted(isinstance(t, NotPossible) for t in tried) == [False, True, True, True]
    assert await current_revision(conn) == 1
    for other in others:
        await other.close()


async def test_a_draft_must_fit_the_book_when_it_is_submitted(conn: Any) -> None:
    with pytest.raises(RateFileError, match='plant "p" is unknown'):
        await submit(conn, handed_in(("2026-01-01", "1"), more=""), ANNA, "no plant")
    assert await documents(conn, NOW) == []


async def test_the_very_bytes_are_kept(conn: Any) -> None:
    given = handed_in(("2026-01-01", "1.10"))
    number = await submit(conn, given, ANNA, "first")
    assert await original(conn, number) == given.original
    assert await content(conn, number) == given.rates


SIGNED = """
create function pg_temp.signed() returns trigger language plpgsql as $$
begin
    insert into signed values (
        tg_table_name, current_setting('copq.who', true), current_setting('copq.why', true));
    return new;
end $$;
create temporary table signed (what text, who text, why text);
"""


async def test_whatever_is_written_says_who_and_why(conn: Any) -> None:
    await conn.execute(SIGNED)
    for table in ("item", "revision", "document", "decision"):
        await conn.execute(
            f"create trigger signed after insert on copq.rate_{table} "
            "for each row execute function pg_temp.signed()"
        )
    number = await submit(conn, handed_in(("2026-01-01", "1")), ANNA, "new")
    await approve(conn, number, CARLA, "checked", 0)
    await import_alone(conn, handed_in(("2027-01-01", "1")), Actor("dora"), "alone")
    found = {tuple(row) for row in await conn.fetch("select * from signed")}
    tables = ("rate_document", "rate_decision", "rate_revision", "rate_item")
    assert found == {
        ("rate_document", "anna", "new"), *((t, "carla", "checked") for t in tables[1:]),
        *((t, "dora", "alone") for t in tables),
    }  # fmt: skip


TRIES = (
    "update copq.rate_item set content = '{}'",
    "update copq.rate_item set effective_from = now()",
    "delete from copq.rate_item",
    "truncate copq.rate_item",
    "update copq.rate_revision set imported_by = 'nobody'",
    "delete from copq.rate_revision",
    "truncate copq.rate_revision cascade",
    "update copq.rate_document set content = '{}'",
    "update copq.rate_document set submitted_by = 'dora'",
    "delete from copq.rate_document",
    "truncate copq.rate_document cascade",
    "update copq.rate_decision set decided_by = 'dora'",
    "delete from copq.rate_decision",
    "truncate copq.rate_decision",
    "insert into copq.rate_decision (document, decision, decided_by, why) "
    "values (1, 'withdrawn', 'anna', 'changed my mind')",
)


@pytest.mark.parametrize("attempt", TRIES)
async def test_not_even_a_superuser_edits_what_was_decided(conn: Any, attempt: str) -> None:
    assert await conn.fetchval("select usesuper from pg_user where usename = current_user")
    await approved(conn, ("2026-01-01", "1"), more=PLANT)
    tables = ("item", "revision", "document", "decision")
    before = [await conn.fetch(f"select * from copq.rate_{table}") for table in tables]
    with pytest.raises((asyncpg.RestrictViolationError, asyncpg.UniqueViolationError)):
        await conn.execute(attempt)
    assert [await conn.fetch(f"select * from copq.rate_{t}") for t in tables] == before


async def test_the_cost_history_of_adventure_works_prices_each_date(conn: Any) -> None:
    found = case("effective_dating")
    await import_rates(conn, parse_rates(PLANT), "plants.yaml", "test")
    for product, version in _in_turn(found["cost_history"]):
        text = _table(product, version)
        number = await submit(conn, RateSubmission(parse_rates(text), "t", b"t"), ANNA, product)
        await approve(conn, number, CARLA, "", await current_revision(conn))
    assert (await states(conn)) == [
        State.IN_FORCE, State.SUPERSEDED, State.SUPERSEDED, State.IN_FORCE, State.SUPERSEDED,
    ]  # fmt: skip
    book = await load(conn)
    for row in found["cases"]:
        scrap = event(
            "scrap", plant="p", line="l", product=row["product"], quantity=1,
            occurred_at=row["occurred_at"] + "Z",
        )  # fmt: skip
        with localcontext(MONEY):
            pricing = price(scrap, book)
        if row["unit_cost"] is None:
            assert pricing.outcome == Outcome.UNPRICED
        else:
            assert [e.gross for e in pricing.entries] == [Decimal(row["unit_cost"])]


def _in_turn(history: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    return [(product, version) for product, versions in history.items() for version in versions]


def _table(product: str, version: dict[str, str]) -> str:
    """The source's last day is inclusive; ours is the first that is not in it."""
    until = ""
    if "to_and_including" in version:
        last = datetime.fromisoformat(version["to_and_including"]) + timedelta(days=1)
        until = f"effective_to: {last:%Y-%m-%d}, "
    return (
        f"time_zone: UTC\ncost_tables: [{{product: '{product}', currency: USD, {until}"
        f"effective_from: {version['from']}, "
        f"stages: [{{stage: done, raw_material: {version['unit_cost']}}}]}}]"
    )
