-- What is booked in a month by the month in which it happened, where no closing signs for it.
select
    date_trunc('month', day::timestamp)::date as of_month, category, currency,
    count(*) as entries, sum(net) as net
from copq.booked_in($1, $2, 'infinity')
where not exists (
    select from copq.period as p
    join copq.closing as c on (c.plant, c.month, c.closing) = (p.plant, p.month, p.closings)
    where p.plant = $1 and p.month = $2 and p.state <> 'open')
group by 1, 2, 3
order by 1, 2, 3
