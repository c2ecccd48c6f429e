select element, net as before, 0 as after
from copq.first_reported
where month = '$month-01' and category like '%_failure'
    and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'
union all
select element, 0, net
from copq.rollup
where grain = 'month' and day = '$month-01' and category like '%_failure'
    and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'
