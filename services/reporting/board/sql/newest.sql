-- The last entry of each line of a plant, up to $2. The rollup knows its hour, so that of the
-- ledger that hour alone is read.
select l.line, last.hour, found.occurred_at
from (
    select distinct line from copq.rollup
    where grain = 'month' and plant = $1
) as l
cross join lateral (
    select max(r.hour) as hour from copq.rollup as r
    where r.grain = 'hour' and r.plant = $1 and r.line = l.line
        and r.day >= $3::date and r.day <= $4::date and r.hour <= $2
) as last
cross join lateral (
    select max(e.occurred_at) as occurred_at from copq.ledger as e
    where e.occurred_at >= last.hour and e.occurred_at < last.hour + interval '1 hour'
        and e.occurred_at <= $2 and e.plant = $1 and e.line = l.line
) as found
where last.hour is not null
