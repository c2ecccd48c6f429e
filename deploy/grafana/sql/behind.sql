with {spans},
{counted}
select
    occurred_at as "time", plant, line, event_id, element, product, stage, work_unit, defect_code,
    quantity,
    copq.rounded(gross, currency) as gross, copq.rounded(recovered, currency) as recovered,
    copq.rounded(allowed, currency) as allowed, copq.rounded(net, currency) as net,
    part as counted, currency, rate_version, booked_at
from counted
where category <> 'none'
order by occurred_at desc, event_id, entry_no
limit 200
