select occurred_at as "time", plant, line, event_id, element, product, stage, work_unit, defect_code,
    quantity, gross, recovered, allowed, net, currency, rate_version, booked_at
from copq.ledger
where $__timeFilter(occurred_at) and plant ~ '^(${plant:regex})$' and line ~ '^(${line:regex})$' and category <> 'none'
order by occurred_at desc
limit 200
