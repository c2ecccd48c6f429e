-- Stops that have begun before $1 and that no other report of the same machine's stop has ended.
select
    plant, line, event_id, work_unit, product, defect_code, shift, started_at, ended_at, planned,
    per_hour, currency, rate_version
from copq.stop as o
where ended_at is null
    and not voided
    and started_at < $1
    and ($2::text is null or plant = $2)
    and ($3::text is null or line = $3)
    and not exists (
        select from copq.stop as c
        where c.plant = o.plant and c.line = o.line and c.started_at = o.started_at
            and c.work_unit is not distinct from o.work_unit and c.ended_at is not null
            and not c.voided)
order by started_at, event_id
