select to_char(day, 'YYYY-MM') as month,
    case when sum(unconverted) = 0 then sum(net) filter (where category like '%_failure') end as "COPQ",
    case when sum(unconverted) = 0
        then sum(net) filter (where category <> 'none')
    end as "cost of quality",
    case when sum(unconverted) = 0 then sum(base) end as base,
    case when sum(unconverted) = 0
        then sum(net) filter (where category like '%_failure') / nullif(sum(base), 0)
    end as "COPQ over base",
    sum(unconverted) as "entries without exchange rate", currency
from copq.reporting_rollup
where grain = 'month'
group by day, currency
order by day desc
limit 24
