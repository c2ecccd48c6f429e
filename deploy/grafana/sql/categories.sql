select
    to_char(day, 'YYYY-MM') as month,
    sum(net) filter (where category = 'internal_failure') as "internal failure",
    sum(net) filter (where category = 'external_failure') as "external failure",
    sum(net) filter (where category = 'administrative_failure') as "administrative failure",
    sum(net) filter (where category = 'appraisal') as appraisal,
    sum(net) filter (where category = 'prevention') as prevention
from copq.rollup
where grain = 'month' and category <> 'none' and day > now() - interval '13 months'
    and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'
group by day
order by day
