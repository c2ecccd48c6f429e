select month,
    sum(first_reported) as as_first_reported,
    sum(restated) as as_restated,
    sum(restated) - sum(first_reported) as difference,
    case when bool_or(is_open) then 'not closed yet' else 'closed' end as state
from (
    select plant, month, currency, category, net as first_reported, 0 as restated, is_open
    from copq.first_reported
    union all
    select plant, day, currency, category, 0, net, false
    from copq.rollup
    where grain = 'month'
) as figures
where month > now() - interval '13 months' and category like '%_failure' and plant ~ '^(${plant:regex})$' and currency = '$currency'
group by month
order by month desc
