-- name: open_stops
-- Stops that began before :now and that no other report of the same machine's stop has ended.
select
    plant, line, event_id, work_unit, product, defect_code, shift, started_at, ended_at, planned,
    per_hour, currency, rate_version
from copq.stop as o
where ended_at is null
    and not voided
    and started_at < :now
    and (:plant::text is null or plant = :plant)
    and (:line::text is null or line = :line)
    and not exists (
        select from copq.stop as c
        where c.plant = o.plant and c.line = o.line and c.started_at = o.started_at
            and c.work_unit is not distinct from o.work_unit and c.ended_at is not null
            and not c.voided)
order by started_at, event_id

-- name: add_stops
-- Add a stop as a whole stop, until its other pieces are known.
insert into copq.stop (
    event_id, plant, line, product, work_unit, defect_code, shift, started_at, ended_at, planned,
    per_hour, currency, rate_version, began_at, over_at)
values (
    :event_id, :plant, :line, :product, :work_unit, :defect_code, :shift, :started_at, :ended_at,
    :planned, :per_hour, :currency, :rate_version, :started_at, :ended_at)

-- name: stops_between
-- A line's ended stops that touch the time from :since to :until, with other reports of the same
-- stops and all pieces that adjoin them within :tolerance.
with recursive found as (
    select
        event_id, work_unit, product, defect_code, shift, started_at, ended_at, planned, per_hour,
        currency, rate_version, began_at, over_at
    from copq.stop
    where plant = :plant and line = :line and ended_at is not null and not voided
        and tstzrange(started_at, ended_at, '[]')
            && tstzrange(
                :since::timestamptz - :tolerance::interval,
                :until::timestamptz + :tolerance::interval, '[]')
    union
    select
        s.event_id, s.work_unit, s.product, s.defect_code, s.shift, s.started_at, s.ended_at,
        s.planned, s.per_hour, s.currency, s.rate_version, s.began_at, s.over_at
    from found as f
    join copq.stop as s
        on s.plant = :plant and s.line = :line and s.ended_at is not null and not s.voided
        and s.work_unit is not distinct from f.work_unit
        and tstzrange(s.started_at, s.ended_at, '[]')
            && tstzrange(f.started_at - :tolerance::interval, f.ended_at + :tolerance::interval, '[]')
        and (
            s.started_at = f.started_at
            or (s.defect_code is not distinct from f.defect_code and s.planned = f.planned))
)
select * from found

-- name: stops_near
-- A line's ended stops that touch the time from :since to :until within :tolerance, and the first
-- piece of each of their whole stops, wherever it lies. So a long stop is not read as a whole.
with near as (
    select
        event_id, work_unit, product, defect_code, shift, started_at, ended_at, planned, per_hour,
        currency, rate_version, began_at, over_at
    from copq.stop
    where plant = :plant and line = :line and ended_at is not null and not voided
        and tstzrange(started_at, ended_at, '[]')
            && tstzrange(
                :since::timestamptz - :tolerance::interval,
                :until::timestamptz + :tolerance::interval, '[]')
), begun as (
    select distinct work_unit, defect_code, planned, began_at from near where over_at is null
)
select * from near
union
select
    s.event_id, s.work_unit, s.product, s.defect_code, s.shift, s.started_at, s.ended_at,
    s.planned, s.per_hour, s.currency, s.rate_version, s.began_at, s.over_at
from begun as b
join copq.stop as s
    on s.plant = :plant and s.line = :line and s.ended_at is not null and not s.voided
    and s.over_at is not null and s.started_at = b.began_at
    and tstzrange(s.started_at, s.ended_at, '[]') @> b.began_at
    and s.work_unit is not distinct from b.work_unit
    and s.defect_code is not distinct from b.defect_code and s.planned = b.planned

-- name: set_wholes
-- Store when the whole stop of each of these pieces began and was over.
update copq.stop as s set began_at = w.began_at, over_at = w.over_at
from unnest(:ids::text[], :began::timestamptz[], :over::timestamptz[]) as w (event_id, began_at, over_at)
where s.event_id = w.event_id

-- name: booked_downtime
-- A line's booked stop time that starts between :since and :until, including reversals.
select *
from copq.ledger
where plant = :plant and line = :line and element in ('downtime', 'planned_stop')
    and occurred_at >= :since and occurred_at < :until
order by occurred_at, event_id, entry_no

-- name: change_stops
-- Set the rates of stops by id. Return the stops whose rate has changed.
update copq.stop as s
set per_hour = w.per_hour, currency = w.currency, rate_version = w.rate_version
from unnest(:ids::text[], :per_hour::numeric[], :currencies::text[], :rate_versions::bigint[])
    as w (event_id, per_hour, currency, rate_version)
where s.event_id = w.event_id and (s.per_hour, s.currency) <> (w.per_hour, w.currency)
returning s.event_id, s.plant, s.line, s.started_at, s.ended_at, s.voided

-- name: drop_stops
-- Delete stops without a rate. They are added again once they have one.
delete from copq.stop where event_id = any(:ids::text[])
returning event_id, plant, line, started_at, ended_at, voided

-- name: void_stops
-- Void or restore stops by id. Return all of them, and whether each has changed.
with changed as (
    update copq.stop as s set voided = w.voided
    from unnest(:ids::text[], :voided::boolean[]) as w (event_id, voided)
    where s.event_id = w.event_id and s.voided <> w.voided
    returning s.event_id
)
select
    s.event_id, s.plant, s.line, s.started_at, s.ended_at,
    s.event_id in (select event_id from changed) as changed
from copq.stop as s
where s.event_id = any(:ids::text[])

-- name: stops_of_lines
-- `stops_between` for many lines at once, each with its own time.
select asked.plant, asked.line, piece.*
from unnest(:plants::text[], :lines::text[], :since::timestamptz[], :until::timestamptz[])
    as asked (plant, line, since, until)
cross join lateral ({{stops_between(
        plant => asked.plant, line => asked.line, since => asked.since, until => asked.until)}}) as piece
