"""What reporting may read of each table of the schema: a new table needs a decision here."""

import asyncpg

BY_LINE, BY_PLANT, ALL_LINES = "lines of the reader", "plants of the reader", "readers of all lines"
WHOLE_PLANTS = "plants that the reader sees as a whole"
OF_PROJECTS = "projects of plants that the reader sees as a whole"
ANYBODY, NOTHING, AS_ITS_TABLES = "anybody who reads", "nothing", "as its tables"
DECISIONS = {
    **dict.fromkeys(
        ("event", "event_problem", "event_key", "line_heard", "ledger", "rollup", "closing_figure",
         "unpriced", "stop", "correction", "summary", "summary_leaf", "standing_cost"), BY_LINE,
    ),
    **dict.fromkeys(
        ("period", "period_step", "closing", "standing_posted", "group_member", "summary_value",
         "summary_day"),
        BY_PLANT,
    ),
    **dict.fromkeys(("rejected", "audit"), ALL_LINES),
    **dict.fromkeys(
        ("base_amount", "closing_saving", "project", "project_share"), WHOLE_PLANTS
    ),
    **dict.fromkeys(
        ("project_owner", "project_plan", "project_step", "project_freeze", "project_promise",
         "project_investment", "project_forecast", "project_non_routine", "project_substitute",
         "project_decision", "project_day", "project_cell", "project_month",
         "project_month_inputs", "project_verdict", "project_evidence",
         "project_claim", "project_validation", "project_entry"), OF_PROJECTS,
    ),
    **dict.fromkeys(
        ("rate_revision", "rate_item", "rate_document", "rate_decision", "target", "budget",
         "retention", "summary_position", "reporting_currency", "exchange_version",
         "exchange_rate"), ANYBODY,
    ),
    "token": ANYBODY,  # reporting lets its readers in, so it is a member of the door
    **dict.fromkeys(
        ("request_key", "job", "upload", "pack_sent", "fence", "claim", "withdrawn", "form_entry",
         "brought_name", "repricing", "repricing_change", "rate_name", "anchor", "anchor_day",
         "anchor_digest"),
        NOTHING,
    ),
    **dict.fromkeys(("person", "sign_in", "session"), NOTHING),
    **dict.fromkeys(
        ("reporting_ledger", "completed_ledger", "reporting_rollup", "first_reported",
         "group_days"),
        AS_ITS_TABLES,
    ),
}  # fmt: skip
TABLES = """
    select
        relname, relkind::text as relkind, relrowsecurity,
        has_any_column_privilege('copq_reporting', c.oid, 'select') as granted,
        coalesce('security_invoker=true' = any(reloptions), false) as invoker,
        (select string_agg(pg_get_expr(polqual, polrelid), ' ') from pg_policy
            where polrelid = c.oid and 'copq_reporting'::regrole = any(polroles)) as policy
    from pg_class as c
    where relnamespace = 'copq'::regnamespace and relkind in ('r', 'p', 'v', 'm')
        and not relispartition
"""


def decided(table: asyncpg.Record) -> str:
    """What the grants and policies of a table come to for `copq_reporting`."""
    policy = table["policy"] or ""
    if not table["granted"]:
        return NOTHING
    if table["relkind"] == "v":
        return AS_ITS_TABLES if table["invoker"] else ANYBODY
    if not table["relrowsecurity"]:
        return ANYBODY
    if "lines_seen" in policy:
        return BY_LINE
    if "plants_seen" in policy:
        return WHOLE_PLANTS
    if "copq.project" in policy:
        return OF_PROJECTS
    return BY_PLANT if "plants_read" in policy else ALL_LINES


async def test_each_table_is_read_as_was_decided(conn: asyncpg.Connection) -> None:
    tables = await conn.fetch(TABLES)
    assert {table["relname"]: decided(table) for table in tables} == DECISIONS


async def test_no_partition_is_read_by_itself(conn: asyncpg.Connection) -> None:
    await conn.execute("select copq.make_partitions('2026-01-01', '2026-04-01')")
    open_ones = await conn.fetch(
        "select relname from pg_class where relnamespace = 'copq'::regnamespace "
        "and relispartition and has_any_column_privilege('copq_reporting', oid, 'select')"
    )
    assert open_ones == []
