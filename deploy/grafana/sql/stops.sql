select started_at as "time", ended_at, plant, line, work_unit, defect_code, planned,
    extract(epoch from coalesce(ended_at, now()) - started_at) / 60 as minutes,
    per_minute, currency, event_id
from copq.stop
where $__timeFilter(started_at) and not voided and plant ~ '^(${plant:regex})$' and line ~ '^(${line:regex})$'
order by started_at desc
limit 100
