-- The months before $2 that are open and have entries, of their own or of another month.
select month
from (
    select distinct day as month from copq.rollup
    where grain = 'month' and plant = $1 and day < $2
    union
    select distinct period from copq.ledger
    where plant = $1 and period < $2 and period <> date_trunc('month', day::timestamp)::date
) as booked
where not exists (
    select from copq.period as p
    where p.plant = $1 and p.month = booked.month and p.state <> 'open')
order by month
