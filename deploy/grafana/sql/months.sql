select day as month,
    sum(net) filter (where category = 'internal_failure') as internal_failure,
    sum(net) filter (where category = 'external_failure') as external_failure,
    sum(net) filter (where category = 'administrative_failure') as administrative_failure,
    sum(net) filter (where category like '%_failure') as copq,
    sum(net) filter (where category = 'appraisal') as appraisal,
    sum(net) filter (where category = 'prevention') as prevention,
    sum(base) as base,
    sum(net) filter (where category like '%_failure') / nullif(sum(base), 0) as copq_over_base,
    sum(net) filter (where category <> 'none') / nullif(sum(base), 0) as coq_over_base
from copq.rollup
where grain = 'month' and plant ~ '^(${plant:regex})$' and currency = '$currency'
group by day
order by day desc
limit 24
