select
    element,
    case when day < '$month-01' then net else 0 end as before,
    case when day < '$month-01' then 0 else net end as after
from copq.rollup
where grain = 'month' and day in ('$month-01'::date - interval '1 month', '$month-01')
    and category like '%_failure'
    and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'
