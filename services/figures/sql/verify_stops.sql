-- All stops of a line but those that are voided.
select
    event_id, work_unit, product, defect_code, shift, started_at, ended_at, planned, per_hour,
    currency, rate_version, began_at, over_at
from copq.stop
where plant = $1 and line = $2 and not voided
