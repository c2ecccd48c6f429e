-- A line's ended stops that touch the time from $3 to $4, with all pieces that adjoin them within $5
-- and other reports of the same stops.
with recursive found as (
    select
        event_id, work_unit, product, defect_code, shift, started_at, ended_at, planned, per_hour,
        currency, rate_version, began_at, over_at
    from copq.stop
    where plant = $1 and line = $2 and ended_at is not null and not voided
        and tstzrange(started_at, ended_at, '[]')
            && tstzrange($3::timestamptz - $5::interval, $4::timestamptz + $5::interval, '[]')
    union
    select
        s.event_id, s.work_unit, s.product, s.defect_code, s.shift, s.started_at, s.ended_at,
        s.planned, s.per_hour, s.currency, s.rate_version, s.began_at, s.over_at
    from found as f
    join copq.stop as s on s.plant = $1 and s.line = $2 and s.ended_at is not null and not s.voided
        and s.work_unit is not distinct from f.work_unit
        and tstzrange(s.started_at, s.ended_at, '[]')
            && tstzrange(f.started_at - $5::interval, f.ended_at + $5::interval, '[]')
        and (
            s.started_at = f.started_at
            or (s.defect_code is not distinct from f.defect_code and s.planned = f.planned))
)
select * from found
