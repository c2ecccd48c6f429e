-- name: entries_of
-- All entries of these events, which occurred at these times.
select l.*
from unnest(:ids::text[], :times::timestamptz[]) as e (event_id, occurred_at)
join copq.ledger as l on l.occurred_at = e.occurred_at and l.event_id = e.event_id
order by l.event_id, l.entry_no

-- name: payloads_of
-- The bytes of these events, unless a retention has dropped them.
select e.event_id, e.payload
from unnest(:ids::text[], :times::timestamptz[]) as k (event_id, occurred_at)
join copq.event as e on e.occurred_at = k.occurred_at and e.event_id = k.event_id
where e.payload is not null
order by e.event_id

-- name: share_once
-- Lock these entries: nobody reverses them until the batch that may need them is posted.
select from copq.event_key where event_id = any(:ids::text[]) order by event_id for share

-- name: withdrawn_once
-- The withdrawn ones among these shared entries.
select event_id from copq.withdrawn where event_id = any(:ids::text[]) order by event_id

-- name: lock_once
-- Lock the entries of these ids against any batch that may need them.
select event_id, occurred_at from copq.event_key
where event_id = any(:ids::text[])
order by event_id
for update

-- name: days_recovered
-- The recoverable amount of standing rejects, by line, product and production day.
select coalesce(sum(r.recovered), 0) as recovered
from unnest(:plants::text[], :lines::text[], :products::text[], :days::date[])
    with ordinality as d (plant, line, product, day, number)
left join copq.rollup as r
    on r.grain = 'day' and r.plant = d.plant and r.line = d.line and r.product = d.product
    and r.day = d.day and r.element in ('defect', 'scrap')
group by d.number
order by d.number

-- name: withdraw_once
-- Mark a shared entry as withdrawn.
insert into copq.withdrawn (event_id) values (:event_id) on conflict do nothing

-- name: bring_back_once
-- Mark a shared entry as standing again.
delete from copq.withdrawn where event_id = :event_id
