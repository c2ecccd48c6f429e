-- name: verify_baseline
-- What the scope of a plan lost in its baseline, by line and product, as booked until :until.
select line, coalesce(product, '') as product, sum(net) as net
from copq.ledger
where plant = :plant and day between :first and :last and booked_at <= :until
    and occurred_at >= :first::date - interval '2 days'
    and occurred_at < :last::date + interval '3 days'
    and category <> 'none'
    and (:line::text[] is null or line = any(:line))
    and (:product::text[] is null or coalesce(product, '') = any(:product))
    and (:stage::text[] is null or coalesce(stage, '') = any(:stage))
    and (:element::text[] is null or element = any(:element))
    and (:category::text[] is null or category = any(:category))
    and (:defect_code::text[] is null or coalesce(defect_code, '') = any(:defect_code))
    and (:work_unit::text[] is null or coalesce(work_unit, '') = any(:work_unit))
    and (:shift::text[] is null or coalesce(shift, '') = any(:shift))
    and (:supplier::text[] is null or coalesce(supplier, '') = any(:supplier))
group by 1, 2
order by 1, 2

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
    where what in ('approve', 'sign', 'sustain', 'lapse', 'reopen')
    union all
    select v.project, 'validation', v.number, c.claimed_by
    from copq.project_validation as v
    join copq.project_claim as c on c.number = v.claim and c.claimed_by = v.decided_by
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
