-- name: each_promise
-- Part of others: what each month and benefit type of projects has. `expected` is the promise, or
-- what the plan of a project says that is not approved yet (:planned_projects and the others).
-- `decided` is the claim that finance has decided about; it waits where a claim came after that.
select
    project, month, type, sum(promised) as promised,
    coalesce(max(forecast), sum(expected), 0) as forecast, sum(claimed) as claimed,
    sum(decided) as decided, max(decision) as decision, sum(validated) as validated,
    sum(in_budget) as in_budget,
    case when max(decided_claim) is distinct from max(claim) then max(claimed_at) end
        as waits_since
from (
    select
        project, month, type, amount as promised, amount as expected, null::numeric as forecast,
        null::bigint as claim, 0 as claimed, null::timestamptz as claimed_at,
        null::bigint as decided_claim, 0 as decided, null as decision, 0 as validated,
        0 as in_budget
    from copq.project_promise
    where project = any(:projects::bigint[])
    union all
    select
        project, month, type, 0, amount, null, null, 0, null, null, 0, null, 0, 0
    from unnest(
        :planned_projects::bigint[], :planned_months::date[], :planned_types::text[],
        :planned_amounts::numeric[]) as planned (project, month, type, amount)
    union all
    (select distinct on (project, month, type)
        project, month, type, 0, null, amount, null, 0, null, null, 0, null, 0, 0
    from copq.project_forecast
    where project = any(:projects::bigint[])
    order by project, month, type, number desc)
    union all
    (select distinct on (project, month, type)
        project, month, type, 0, null, null, number, amount, claimed_at, null, 0, null, 0, 0
    from copq.project_claim
    where project = any(:projects::bigint[])
    order by project, month, type, number desc)
    union all
    (select distinct on (v.project, v.month, v.type)
        v.project, v.month, v.type, 0, null, null, null, 0, null, v.claim, c.amount, v.decision,
        v.amount, v.in_budget
    from copq.project_validation as v
    join copq.project_claim as c on c.number = v.claim
    where v.project = any(:projects::bigint[])
    order by v.project, v.month, v.type, v.number desc)
) as each
group by project, month, type

-- name: bridge_versions
-- Part of others: the newest version of each month's bridge, and that of a closed month that was
-- first reported: the newest when the month was first closed, else the first one after that.
select
    m.project, m.month, max(m.version) as newest,
    coalesce(
        max(m.version) filter (where m.computed_at <= c.first_closed_at),
        min(m.version) filter (where m.computed_at > c.first_closed_at)) as reported
from copq.project_month as m
join copq.project as p using (project)
left join copq.period as c on c.plant = p.plant and c.month = m.month
where m.project = any(:projects::bigint[])
group by m.project, m.month

-- name: months_without
-- Part of others: the months that had a bridge and can no longer be compared.
select project, month from copq.project_month as w
where reason is not null and not exists (
    select from copq.project_month as m
    where m.project = w.project and m.month = w.month and m.version > w.version)

-- name: portfolio_types
-- Sums by project and benefit type of the months from :firsts (null: the first) up to :ends, which
-- are excluded; and what was validated in each month before :ends. As `each_promise` says of single
-- months: what was promised and what became of it are summed by themselves, since to bring together
-- the months of many projects takes longer.
with asked as materialized (
    select project, coalesce(first_month, '-infinity') as first_month, end_month
    from unnest(:projects::bigint[], :firsts::date[], :ends::date[])
        as a (project, first_month, end_month)
), expected as (
    select project, month, type, amount as promised, amount
    from copq.project_promise
    where project = any(:projects::bigint[])
    union all
    select project, month, type, 0, amount
    from unnest(
        :planned_projects::bigint[], :planned_months::date[], :planned_types::text[],
        :planned_amounts::numeric[]) as planned (project, month, type, amount)
), forecast as (
    select distinct on (project, month, type) project, month, type, amount
    from copq.project_forecast
    where project = any(:projects::bigint[])
    order by project, month, type, number desc
), promise as (
    select
        project, type,
        sum(promised) filter (where is_in) as promised,
        sum(promised) filter (where is_in and is_unmeasured) as unmeasured,
        sum(forecast) filter (where is_in) as forecast
    from (
        select
            project, type, e.promised, coalesce(f.amount, e.amount) as forecast,
            month >= a.first_month as is_in,
            not exists (
                select from copq.project_month as m
                where m.project = a.project and m.month = e.month and m.version = 1
            ) or (project, month) in ({{months_without}}) as is_unmeasured
        from expected as e
        full join forecast as f using (project, month, type)
        join asked as a using (project)
        where month < a.end_month
    ) as each
    group by project, type
), claim as (
    select distinct on (project, month, type) project, month, type, number, amount, claimed_at
    from copq.project_claim
    where project = any(:projects::bigint[])
    order by project, month, type, number desc
), validation as (
    select distinct on (project, month, type)
        project, month, type, claim, decision, amount, in_budget
    from copq.project_validation
    where project = any(:projects::bigint[])
    order by project, month, type, number desc
), claimed as (
    select
        project, type,
        sum(claimed) filter (where is_in) as claimed,
        sum(decided) filter (where is_in) as decided,
        sum(validated - decided) filter (where is_in and decision = 'reduced') as reduced,
        sum(validated - decided) filter (where is_in and decision = 'rejected') as rejected,
        sum(validated) filter (where is_in) as validated,
        sum(in_budget) filter (where is_in) as in_budget,
        min(claimed_at) filter (where is_waiting) as waits_since,
        array_agg(month) filter (where decision is not null) as months,
        array_agg(validated) filter (where decision is not null) as amounts
    from (
        select
            c.project, c.type, c.month, c.amount as claimed, c.claimed_at,
            d.amount as decided, v.decision, v.amount as validated, v.in_budget,
            c.month >= a.first_month as is_in, v.claim is distinct from c.number as is_waiting
        from claim as c
        join asked as a using (project)
        left join validation as v using (project, month, type)
        left join copq.project_claim as d on d.number = v.claim
        where c.month < a.end_month
    ) as each
    group by project, type
)
select
    project, type,
    coalesce(promised, 0) as promised, coalesce(unmeasured, 0) as unmeasured,
    coalesce(forecast, 0) as forecast, coalesce(claimed, 0) as claimed,
    coalesce(decided, 0) as decided, coalesce(reduced, 0) as reduced,
    coalesce(rejected, 0) as rejected, coalesce(validated, 0) as validated,
    coalesce(in_budget, 0) as in_budget, waits_since, months, amounts
from promise
full join claimed using (project, type)
order by project, type

-- name: portfolio_measured
-- The savings of projects' bridges in the same months: as they are now, and of months that were
-- closed as first reported and as restated.
select
    a.project, count(n.net) as months, coalesce(sum(n.gross), 0) as gross,
    coalesce(sum(n.net), 0) as net, sum(r.net) as first_reported,
    sum(coalesce(n.net, 0)) filter (where r.net is not null) as restated
from unnest(:projects::bigint[], :firsts::date[], :ends::date[])
    as a (project, first_month, end_month)
join ({{bridge_versions}}) as v using (project)
join copq.project_month as n using (project, month)
left join copq.project_month as r
    on r.project = n.project and r.month = n.month and r.version = v.reported
where n.version = v.newest
    and n.month >= coalesce(a.first_month, '-infinity') and n.month < a.end_month
group by a.project

-- name: verdicts
-- The newest verdict about each project's saving.
select distinct on (project)
    project, until, is_proven, status, is_provisional, computed_at,
    (figures ->> 'log_evidence')::float8 as log_evidence
from copq.project_verdict
where project = any(:projects::bigint[])
order by project, number desc

-- name: project_bridges
-- The bridges of projects by month as they are now, with the saving as first reported.
select n.*, r.net as first_reported
from ({{bridge_versions}}) as v
join copq.project_month as n using (project, month)
left join copq.project_month as r
    on r.project = n.project and r.month = n.month and r.version = v.reported
where n.version = v.newest and n.reason is null
order by n.month

-- name: project_promised
-- What each month and benefit type has, in their order.
select month, type, promised, forecast, claimed, decision, validated, in_budget, waits_since
from ({{each_promise}}) as e
order by month, type
