-- What was signed off with each closing of a month, by the month in which it happened.
select closing, of_month, category, currency, sum(entries) as entries, sum(net) as net
from copq.closing_figure
where plant = $1 and month = $2
group by 1, 2, 3, 4
order by 1, 2, 3, 4
