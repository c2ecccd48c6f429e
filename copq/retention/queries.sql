-- name: open_from
-- The first month that is open, of each plant that closes months: one that was reopened, or that
-- after the last which was ever closed.
select
    plant,
    coalesce(
        min(month) filter (where state = 'open'),
        max(month) + interval '1 month')::date as month
from copq.period
group by plant

-- name: plan_events
-- Events with bytes before each plant's bound, by plant and month; `settled` may be dropped.
select
    plant, date_trunc('month', occurred_at at time zone 'UTC')::date as month,
    count(*) filter (where settled) as events,
    coalesce(sum(size) filter (where settled), 0)::bigint as bytes,
    count(*) filter (where not settled) as kept
from (
    select
        e.plant, e.occurred_at, octet_length(e.payload) as size,
        copq.is_settled(e.event_id, e.occurred_at, e.event_type) as settled
    from unnest(:plants::text[], :bounds::timestamptz[]) as bound (plant, until)
    join copq.event as e on e.plant = bound.plant and e.occurred_at < bound.until
    where e.payload is not null
) as found
group by 1, 2
order by 1, 2

-- name: plan_refused
-- Refused messages with bytes, refused before an instant.
select
    count(*) as messages, coalesce(sum(octet_length(payload)), 0)::bigint as bytes,
    count(*) filter (where replayed_at is null) as waiting
from copq.rejected
where rejected_at < :instant and payload is not null

-- name: begin
-- Begin a run.
insert into copq.retention (ordered_by, why, subject, before, plant)
values (:ordered_by, :why, :subject, :before, :plant)
returning *

-- name: unfinished
-- The unfinished run of the same order.
select * from copq.retention
where subject = :subject and before = :before and plant is not distinct from :plant
    and finished_at is null
order by retention desc
limit 1

-- name: next_month
-- The month (UTC) of the first event behind (:at, :event_id) and before :until; null where there is
-- none.
select date_trunc('month', occurred_at at time zone 'UTC')::date
from copq.event
where occurred_at >= :at and (occurred_at, event_id) > (:at, :event_id::text collate "C")
    and occurred_at < :until
order by occurred_at, event_id
limit 1

-- name: slice_end
-- The last of the next :batch events behind (:at, :event_id) and before :until.
select occurred_at, event_id
from (
    select occurred_at, event_id
    from copq.event
    where occurred_at >= :at and (occurred_at, event_id) > (:at, :event_id::text collate "C")
        and occurred_at < :until
    order by occurred_at, event_id
    limit :batch
) as slice
order by occurred_at desc, event_id desc
limit 1

-- name: drop_events
-- The bytes of settled events behind (:at, :event_id) and up to (:end_at, :end_id), of plants
-- before their bounds.
with due as (
    select e.tableoid, e.ctid, octet_length(e.payload) as size
    from copq.event as e
    join unnest(:plants::text[], :bounds::timestamptz[]) as bound (plant, until)
        on e.plant = bound.plant and e.occurred_at < bound.until
    where e.occurred_at >= :at and e.occurred_at <= :end_at
        and (e.occurred_at, e.event_id) > (:at, :event_id::text collate "C")
        and (e.occurred_at, e.event_id) <= (:end_at, :end_id::text collate "C")
        and e.payload is not null
        and copq.is_settled(e.event_id, e.occurred_at, e.event_type)
), dropped as (
    update copq.event as e
    set payload = null, dropped_by = :number,
        payload_sha256 = sha256(convert_to(payload, 'UTF8')),
        attributes = copq.attributes_kept(payload, plant)
    from due
    where e.tableoid = due.tableoid and e.ctid = due.ctid
        and e.occurred_at >= :at and e.occurred_at <= :end_at and e.payload is not null
    returning due.size
)
select count(*) as dropped, coalesce(sum(size), 0)::bigint as bytes from dropped

-- name: drop_refused
-- The bytes of the next :batch messages that were refused before :instant.
with due as (
    select rejected_id, octet_length(payload) as size
    from copq.rejected
    where rejected_at < :instant and payload is not null
    order by rejected_id
    limit :batch
    for update skip locked
), dropped as (
    update copq.rejected as r
    set payload = null, headers = '[]', dropped_by = :number
    from due
    where r.rejected_id = due.rejected_id
    returning due.size
)
select count(*) as dropped, coalesce(sum(size), 0)::bigint as bytes from dropped

-- name: allow
-- Events stay as received, but for this transaction: it may drop their bytes.
select set_config('copq.dropping', 'payloads', true)

-- name: reach
-- Move the mark of a run, and add what was dropped.
update copq.retention
set reached_at = :at, reached_id = :event_id, dropped = dropped + :dropped, bytes = bytes + :bytes
where retention = :number

-- name: finish
-- Mark a run as finished.
update copq.retention set finished_at = now() where retention = :number returning *

-- name: all
-- All runs, the newest first.
select
    retention, ordered_at, ordered_by, why, subject, before, plant, dropped, bytes, finished_at
from copq.retention
order by retention desc
