select
    to_char(day, 'YYYY-MM') as month,
    copq.rounded(internal, currency) as "internal failure",
    copq.rounded(external, currency) as "external failure",
    copq.rounded(administrative, currency) as "administrative failure",
    copq.rounded(appraisal, currency) as appraisal,
    copq.rounded(prevention, currency) as prevention
from (
    select
        day, currency,
        sum(net) filter (where category = 'internal_failure') as internal,
        sum(net) filter (where category = 'external_failure') as external,
        sum(net) filter (where category = 'administrative_failure') as administrative,
        sum(net) filter (where category = 'appraisal') as appraisal,
        sum(net) filter (where category = 'prevention') as prevention
    from copq.rollup
    where grain = 'month' and category <> 'none' and day > now() - interval '13 months'
        and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'
    group by day, currency
) as sums
order by day
