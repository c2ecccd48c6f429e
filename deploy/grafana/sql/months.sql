select
    to_char(day, 'YYYY-MM') as month,
    copq.rounded(internal, currency) as "internal failure",
    copq.rounded(external, currency) as "external failure",
    copq.rounded(administrative, currency) as "administrative failure",
    copq.rounded(failure, currency) as "COPQ",
    copq.rounded(appraisal, currency) as appraisal,
    copq.rounded(prevention, currency) as prevention,
    copq.rounded(quality, currency) as "cost of quality",
    copq.rounded(base, currency) as base,
    failure / nullif(base, 0) as "COPQ over base",
    quality / nullif(base, 0) as "cost of quality over base",
    currency
from (
    select
        day, currency,
        sum(net) filter (where category = 'internal_failure') as internal,
        sum(net) filter (where category = 'external_failure') as external,
        sum(net) filter (where category = 'administrative_failure') as administrative,
        sum(net) filter (where category like '%_failure') as failure,
        sum(net) filter (where category = 'appraisal') as appraisal,
        sum(net) filter (where category = 'prevention') as prevention,
        sum(net) filter (where category <> 'none') as quality,
        sum(base) as base
    from copq.rollup
    where grain = 'month' and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'
    group by day, currency
) as sums
order by day desc
limit 24
