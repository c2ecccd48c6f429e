select date_trunc('month', day)::date as month,
    sum(net) filter (where period = date_trunc('month', day)) as as_first_reported,
    sum(net) as as_restated,
    sum(net) - coalesce(sum(net) filter (where period = date_trunc('month', day)), 0) as difference
from copq.ledger
where occurred_at > now() - interval '13 months' and category like '%_failure' and plant ~ '^(${plant:regex})$' and currency = '$currency'
group by 1
order by 1 desc
