select
    occurred_at as "time", plant, line, event_id, category, element, product, stage, work_unit,
    defect_code, quantity,
    copq.rounded(gross, currency) as gross, copq.rounded(recovered, currency) as recovered,
    copq.rounded(allowed, currency) as allowed, copq.rounded(net, currency) as net,
    currency, rate_version, booked_at
from copq.ledger
where day >= '$month-01'::date and day < '$month-01'::date + interval '1 month'
    and occurred_at >= '$month-01'::timestamp - interval '2 days'
    and occurred_at < '$month-01'::timestamp + interval '1 month 2 days'
    and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency' and category <> 'none'
order by occurred_at desc, event_id, entry_no
limit 500
