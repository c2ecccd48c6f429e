-- A line's ended stops that touch the time from $3 to $4 within $5, and of each the first piece of
-- the whole stop that it is a piece of, wherever that lies: a long stop is not read as a whole.
with near as (
    select
        event_id, work_unit, product, defect_code, shift, started_at, ended_at, planned, per_hour,
        currency, rate_version, began_at, over_at
    from copq.stop
    where plant = $1 and line = $2 and ended_at is not null and not voided
        and tstzrange(started_at, ended_at, '[]')
            && tstzrange($3::timestamptz - $5::interval, $4::timestamptz + $5::interval, '[]')
), begun as (
    select distinct work_unit, defect_code, planned, began_at from near where over_at is null
)
select * from near
union
select
    s.event_id, s.work_unit, s.product, s.defect_code, s.shift, s.started_at, s.ended_at,
    s.planned, s.per_hour, s.currency, s.rate_version, s.began_at, s.over_at
from begun as b
join copq.stop as s on s.plant = $1 and s.line = $2 and s.ended_at is not null and not s.voided
    and s.over_at is not null and s.started_at = b.began_at
    and tstzrange(s.started_at, s.ended_at, '[]') @> b.began_at
    and s.work_unit is not distinct from b.work_unit
    and s.defect_code is not distinct from b.defect_code and s.planned = b.planned
