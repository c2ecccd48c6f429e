-- name: each_promise
-- Part of others: what each month and benefit type of projects has. `expected` is the promise, or
-- what the plan of a project says that is not approved yet (:planned_projects and the others).
-- `decided` is the claim that finance has decided about; it waits where a claim came after that.
select
    project, month, type, coalesce(p.promised, 0) as promised,
    coalesce(f.amount, p.expected, 0) as forecast, coalesce(c.amount, 0) as claimed,
    coalesce(d.claimed, 0) as decided, d.decision, coalesce(d.amount, 0) as validated,
    coalesce(d.in_budget, 0) as in_budget,
    case when d.claim is distinct from c.number then c.claimed_at end as waits_since,
    m.project is null as is_unmeasured
from (
    select project, month, type, amount as promised, amount as expected
    from copq.project_promise where project = any(:projects::bigint[])
    union all
    select project, month, type, 0, amount
    from unnest(
        :planned_projects::bigint[], :planned_months::date[], :planned_types::text[],
        :planned_amounts::numeric[]) as planned (project, month, type, amount)
) as p
full join (
    select distinct on (project, month, type) project, month, type, amount
    from copq.project_forecast where project = any(:projects::bigint[])
    order by project, month, type, number desc
) as f using (project, month, type)
full join (
    select distinct on (project, month, type) project, month, type, number, amount, claimed_at
    from copq.project_claim where project = any(:projects::bigint[])
    order by project, month, type, number desc
) as c using (project, month, type)
full join (
    select distinct on (v.project, v.month, v.type)
        v.project, v.month, v.type, v.claim, v.decision, v.amount, v.in_budget,
        k.amount as claimed
    from copq.project_validation as v
    join copq.project_claim as k on k.number = v.claim
    where v.project = any(:projects::bigint[])
    order by v.project, v.month, v.type, v.number desc
) as d using (project, month, type)
left join (
    select distinct project, month
    from copq.project_month where project = any(:projects::bigint[])
) as m using (project, month)

-- name: portfolio_types
-- Sums by project and benefit type of the months from :firsts (null: the first) up to :ends, which
-- are excluded; and what was validated in each month before :ends.
select
    project, type,
    coalesce(sum(promised) filter (where is_in), 0) as promised,
    coalesce(sum(promised) filter (where is_in and is_unmeasured), 0) as unmeasured,
    coalesce(sum(forecast) filter (where is_in), 0) as forecast,
    coalesce(sum(claimed) filter (where is_in), 0) as claimed,
    coalesce(sum(decided) filter (where is_in), 0) as decided,
    coalesce(sum(validated - decided) filter (where is_in and decision = 'reduced'), 0) as reduced,
    coalesce(sum(validated - decided) filter (where is_in and decision = 'rejected'), 0)
        as rejected,
    coalesce(sum(validated) filter (where is_in), 0) as validated,
    coalesce(sum(in_budget) filter (where is_in), 0) as in_budget,
    min(waits_since) as waits_since,
    array_agg(month order by month) filter (where decision is not null) as months,
    array_agg(validated order by month) filter (where decision is not null) as amounts
from (
    select e.*, e.month >= coalesce(a.first_month, '-infinity') as is_in
    from unnest(:projects::bigint[], :firsts::date[], :ends::date[])
        as a (project, first_month, end_month)
    join ({{each_promise}}) as e using (project)
    where e.month < a.end_month
) as each
group by project, type
order by project, type

-- name: portfolio_measured
-- The savings of projects' bridges in the same months: as they are now, and of months that were
-- closed as first reported and as restated.
select
    project, count(*) as months, sum(n.gross) as gross, sum(n.net) as net,
    sum(r.net) as first_reported, sum(n.net) filter (where r.net is not null) as restated
from unnest(:projects::bigint[], :firsts::date[], :ends::date[])
    as a (project, first_month, end_month)
join ({{newest_bridge}}) as n using (project)
left join ({{first_reported_bridge}}) as r using (project, month)
where n.month >= coalesce(a.first_month, '-infinity') and n.month < a.end_month
group by project

-- name: newest_bridge
-- Part of others: the bridge of each month as it is now.
select distinct on (project, month) *
from copq.project_month
where project = any(:projects::bigint[])
order by project, month, version desc

-- name: first_reported_bridge
-- Part of others: the bridge of each closed month that was the newest when the month was first
-- closed, else the first one after that.
select distinct on (m.project, m.month) m.*
from copq.project_month as m
join copq.project as p using (project)
join copq.period as c on c.plant = p.plant and c.month = m.month
where m.project = any(:projects::bigint[])
order by m.project, m.month, m.computed_at > c.first_closed_at,
    case when m.computed_at > c.first_closed_at then m.version else -m.version end

-- name: verdicts
-- The newest verdict about each project's saving.
select distinct on (project) project, until, is_proven, status, is_provisional, computed_at
from copq.project_verdict
where project = any(:projects::bigint[])
order by project, number desc

-- name: project_bridges
-- The bridges of projects by month as they are now, with the saving as first reported.
select n.*, r.net as first_reported
from ({{newest_bridge}}) as n
left join ({{first_reported_bridge}}) as r using (project, month)
order by n.month

-- name: project_promised
-- What each month and benefit type has, in their order.
select month, type, promised, forecast, claimed, decision, validated, in_budget, waits_since
from ({{each_promise}}) as e
order by month, type
