select to_char(day, 'YYYY-MM') as month,
    sum(net) filter (where category = 'internal_failure') as "internal failure",
    sum(net) filter (where category = 'external_failure') as "external failure",
    sum(net) filter (where category = 'administrative_failure') as "administrative failure",
    sum(net) filter (where category like '%_failure') as "COPQ",
    sum(net) filter (where category = 'appraisal') as appraisal,
    sum(net) filter (where category = 'prevention') as prevention,
    sum(base) as base,
    sum(net) filter (where category like '%_failure') / nullif(sum(base), 0) as "COPQ over base",
    sum(net) filter (where category <> 'none') / nullif(sum(base), 0) as "cost of quality over base",
    currency
from copq.rollup
where grain = 'month' and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'
group by day, currency
order by day desc
limit 24
