-- name: keep_upload
-- Keep a file until it is submitted.
insert into copq.upload (key, who, name, data) values (:key, :who, :name, :data)

-- name: kept_upload
-- A file that the same person has sent.
select name, data from copq.upload where key = :key and who = :who

-- name: forget_uploads
-- Forget files that nobody submitted, and all but the newest of a person.
delete from copq.upload
where kept_at < now() - interval '1 day' or key in (
    select key from copq.upload where who = :who order by kept_at desc offset 4)

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
