-- name: verify_project_persons
-- Decisions of finance by a person who owns or owned the project, and claims by one who never did.
with owned as (
    select distinct project, owner from copq.project_owner
), decided as (
    select project, 'validation' as what, number, decided_by as by_person
    from copq.project_validation
    union all
    select project, kind, number, decided_by from copq.project_decision
    union all
    select project, what, step, taken_by from copq.project_step
    where copq.is_of_finance(what)
    union all
    select v.project, 'validation', v.number, c.claimed_by
    from copq.project_validation as v
    join copq.project_claim as c on c.number = v.claim and c.claimed_by = v.decided_by
    union all
    select part.project::bigint, 'share', s.number, s.set_by
    from copq.project_share as s
    cross join lateral jsonb_object_keys(s.shares) as part (project)
), wrong as (
    select d.*, 'a person who does not own it' as rule
    from decided as d
    join owned as o on o.project = d.project and o.owner = d.by_person
    union
    select c.project, 'claim', c.number, c.claimed_by, 'an owner'
    from copq.project_claim as c
    where not exists (
        select from owned as o where o.project = c.project and o.owner = c.claimed_by)
)
select p.plant, p.name as project, w.what, w.number, w.by_person, w.rule
from wrong as w
join copq.project as p using (project)
order by 1, 2, 3, 4
