-- name: projects
-- Projects with their newest owner, their plan (the newest, or the one that approval froze) and what
-- approval froze, by plant and name.
select
    p.project, p.plant, p.name, p.proposed_at, p.proposed_by, o.owner, o.sponsor,
    array(select e.owner from copq.project_owner as e where e.project = p.project
        order by e.number) as owners,
    n.number as plan_number, n.content as plan, f.plan as freeze_plan, f.revision, f.rates_at,
    f.booked_until, f.currency, f.sha256, f.frozen_at, f.frozen_by
from copq.project as p
left join copq.project_freeze as f using (project)
cross join lateral (
    select owner, sponsor from copq.project_owner as o
    where o.project = p.project order by number desc limit 1
) as o
cross join lateral (
    select number, content from copq.project_plan as n
    where n.project = p.project and n.number = coalesce(f.plan, n.number)
    order by number desc limit 1
) as n
where (:plant::text is null or p.plant = :plant)
    and (:name::text is null or p.name = :name)
order by p.plant, p.name

-- name: project_steps
-- The steps of projects, in their order.
select project, what, state, taken_at, taken_by, why
from copq.project_step
where project = any(:projects::bigint[])
order by project, step

-- name: project_evidence
-- What approval froze, as JSON text.
select evidence from copq.project_freeze where project = :project

-- name: project_investments
-- The investments of projects that count: the newest of each name, unless it was taken away.
select project, name, kind, first_month, last_month, amount, currency, set_at, set_by, why
from (
    select distinct on (project, name) * from copq.project_investment
    where project = any(:projects::bigint[])
    order by project, name, number desc
) as newest
where amount is not null
order by project, first_month, name

-- name: project_promises
-- What projects promised, by month and type, as approval froze it.
select project, month, type, amount
from copq.project_promise
where project = any(:projects::bigint[])
order by project, month, type

-- name: project_forecasts
-- The newest forecast of each month and type.
select distinct on (project, month, type) project, month, type, amount, set_at, set_by, why
from copq.project_forecast
where project = any(:projects::bigint[])
order by project, month, type, number desc

-- name: project_non_routine
-- The non-routine amounts of projects, with the decision about each (null: none yet).
select
    n.number, n.project, n.month, n.amount, n.reason, n.evidence, n.set_at, n.set_by,
    d.decision, d.decided_at, d.decided_by, d.note
from copq.project_non_routine as n
left join copq.project_decision as d
    on d.kind = 'non_routine' and d.number = n.number
where n.project = any(:projects::bigint[])
order by n.project, n.month, n.number

-- name: project_substitutes
-- The substitute baselines of projects, with the decision about each (null: none yet).
select
    s.number, s.project, s.line, s.product, s.like_line, s.like_product, s.reason, s.set_at,
    s.set_by, d.decision, d.decided_at, d.decided_by, d.note
from copq.project_substitute as s
left join copq.project_decision as d
    on d.kind = 'substitute' and d.number = s.number
where s.project = any(:projects::bigint[])
order by s.project, s.line, s.product, s.number

-- name: project_shares
-- The shares of plants: of each set of projects and month the newest.
select distinct on (plant, projects, from_month)
    plant, from_month, shares, set_at, set_by, why
from (
    select s.*, array(select jsonb_object_keys(s.shares) order by 1) as projects
    from copq.project_share as s
    where :plant::text is null or s.plant = :plant
) as named
order by plant, projects, from_month, number desc

-- name: project_claims
-- The newest claim of each month and type.
select distinct on (project, month, type)
    number, project, month, version, type, amount, note, claimed_at, claimed_by
from copq.project_claim
where project = any(:projects::bigint[])
order by project, month, type, number desc

-- name: project_validations
-- The newest validation of each month and type.
select distinct on (project, month, type)
    number, claim, project, month, type, decision, amount, in_budget, closing, note, decided_at,
    decided_by
from copq.project_validation
where project = any(:projects::bigint[])
order by project, month, type, number desc

-- name: project_excesses
-- The months of projects (null: of all) for which finance has validated more hard savings and avoidance
-- than the newest bridge says (null: it has none any more), and since when.
with validated as (
    select project, month, sum(amount) as amount, max(decided_at) as decided_at
    from (
        select distinct on (project, month, type) project, month, amount, decided_at
        from copq.project_validation
        where type in ('hard', 'avoidance')
            and (:projects::bigint[] is null or project = any(:projects))
        order by project, month, type, number desc
    ) as newest
    group by project, month
)
select
    v.project, v.month, v.amount as validated, n.net,
    coalesce((
        select min(m.computed_at) from copq.project_month as m
        where m.project = v.project and m.month = v.month and m.computed_at > v.decided_at
            and greatest(coalesce(m.net, 0), 0) < v.amount), v.decided_at) as since
from validated as v
cross join lateral (
    select net from copq.project_month as m
    where m.project = v.project and m.month = v.month
    order by version desc limit 1
) as n
where v.amount > greatest(coalesce(n.net, 0), 0)
order by v.project, v.month
