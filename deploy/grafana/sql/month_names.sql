select distinct to_char(day, 'YYYY-MM') as month
from copq.rollup
where grain = 'month' and plant ~ $name$^(${plant:regex})$$name$
order by month desc
