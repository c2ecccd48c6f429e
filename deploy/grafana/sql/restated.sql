select to_char(month, 'YYYY-MM') as month,
    sum(first_reported) as "as first reported",
    sum(restated) as "as restated",
    sum(restated) - sum(first_reported) as difference,
    (sum(restated) - sum(first_reported)) / nullif(sum(first_reported), 0) as change,
    case when bool_or(is_open) then 'not closed yet' else 'closed' end as state, currency
from (
    select plant, month, currency, category, net as first_reported, 0 as restated, is_open
    from copq.first_reported
    union all
    select plant, day, currency, category, 0, net, false
    from copq.rollup
    where grain = 'month'
) as figures
where month > now() - interval '13 months' and category like '%_failure'
    and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'
group by figures.month, currency
order by figures.month desc
