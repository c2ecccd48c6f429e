select
    to_char(day, 'YYYY-MM') as month,
    case when unconverted = 0 then copq.rounded(failure, currency) end as "COPQ",
    case when unconverted = 0 then copq.rounded(quality, currency) end as "cost of quality",
    case when unconverted = 0 then copq.rounded(base, currency) end as base,
    case when unconverted = 0 then failure / nullif(base, 0) end as "COPQ over base",
    unconverted as "entries without exchange rate",
    currency
from (
    select
        day, currency,
        sum(net) filter (where category like '%_failure') as failure,
        sum(net) filter (where category <> 'none') as quality,
        sum(base) as base,
        sum(unconverted) as unconverted
    from copq.reporting_rollup
    where grain = 'month'
    group by day, currency
) as sums
order by day desc
limit 24
