-- name: standing_plants
-- The newest version of the standing costs of each plant, and how far they are in the ledger.
select plant, max(s.number) as newest, p.number, p.revision, p.day
from copq.standing_cost as s
left join copq.standing_posted as p using (plant)
group by plant, p.number, p.revision, p.day
order by plant

-- name: add_standing_posted
-- Begin a plant that has no standing costs in the ledger yet.
insert into copq.standing_posted (plant, number, revision, day)
values (:plant, 0, 0, '-infinity')
on conflict do nothing

-- name: lock_standing_posted
-- How far the standing costs of a plant are in the ledger; locked until the transaction ends.
select number, revision, nullif(day, '-infinity') as day
from copq.standing_posted
where plant = :plant
for update

-- name: move_standing_posted
-- All versions up to :number are in the ledger up to the production day :day.
update copq.standing_posted set number = :number, revision = :revision, day = :day
where plant = :plant

-- name: standing_cost_entries
-- All entries of a plant's standing costs in the production days after :after (null: in all).
select * from copq.ledger
where plant = :plant and element in ('standing_appraisal', 'standing_prevention')
    and (:after::date is null or day > :after)
order by event_id, entry_no
