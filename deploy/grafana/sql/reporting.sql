select day as month, currency,
    case when sum(unconverted) = 0 then sum(net) filter (where category like '%_failure') end as copq,
    case when sum(unconverted) = 0 then sum(net) filter (where category <> 'none') end as coq,
    case when sum(unconverted) = 0 then sum(base) end as base,
    case when sum(unconverted) = 0
        then sum(net) filter (where category like '%_failure') / nullif(sum(base), 0)
    end as copq_over_base,
    sum(unconverted) as entries_without_exchange_rate
from copq.reporting_rollup
where grain = 'month'
group by day, currency
order by day desc
limit 24
