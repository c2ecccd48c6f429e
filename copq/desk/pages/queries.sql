-- name: waiting_claims
-- The newest claim of each project, month and benefit type that finance has not decided about, with
-- the newest net saving of the month and the state of the month.
select
    p.plant, p.name, c.number as claim, c.month, c.type, c.amount, c.note, c.claimed_at,
    c.claimed_by, f.currency,
    (select net from copq.project_month as m
        where m.project = c.project and m.month = c.month order by version desc limit 1) as net,
    coalesce(d.state::text, 'open') as state
from (
    select distinct on (project, month, type) *
    from copq.project_claim
    order by project, month, type, number desc) as c
join copq.project as p using (project)
join copq.project_freeze as f using (project)
left join copq.period as d on d.plant = p.plant and d.month = c.month
where not exists (select from copq.project_validation as v where v.claim = c.number)
order by c.claimed_at
