select
    to_char(month, 'YYYY-MM') as month,
    copq.rounded(first_reported, currency) as "as first reported",
    copq.rounded(restated, currency) as "as restated",
    copq.rounded(restated - first_reported, currency) as difference,
    (restated - first_reported) / nullif(first_reported, 0) as change,
    case when is_open then 'not closed yet' else 'closed' end as state,
    currency
from (
    select
        month, currency, sum(first_reported) as first_reported, sum(restated) as restated,
        bool_or(is_open) as is_open
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
    group by month, currency
) as sums
order by sums.month desc
