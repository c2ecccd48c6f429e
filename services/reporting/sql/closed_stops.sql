-- A line's ended stops that touch the time from $3 to $4.
select
    event_id, work_unit, product, defect_code, shift, started_at, ended_at, planned, per_hour,
    currency, rate_version
from copq.stop
where plant = $1 and line = $2 and started_at < $4 and ended_at > $3
    and not voided
