-- The months before $2 that are open and have entries, of their own or of another month, or
-- were reopened.
select month
from (
    select distinct day as month from copq.rollup
    where grain = 'month' and plant = $1 and day < $2
    union
    select distinct period from copq.ledger
    where plant = $1 and period < $2 and period <> date_trunc('month', day::timestamp)::date
    union
    select month from copq.period where plant = $1 and month < $2
) as begun
where not exists (
    select from copq.period as p
    where p.plant = $1 and p.month = begun.month and p.state <> 'open')
order by month
