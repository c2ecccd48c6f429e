-- The last entry of each line of a plant, up to $2. The rollup knows its hour, so that of the
-- ledger these hours alone are read, each once for all its lines.
with last as (
    select line, max(hour) as hour from copq.rollup
    where grain = 'hour' and plant = $1 and day >= $3::date and day <= $4::date and hour <= $2
        and ($5::text is null or line = $5)
    group by line
)
select found.line, max(found.occurred_at) as occurred_at
from (select distinct hour from last) as h
cross join lateral (
    select e.line, max(e.occurred_at) as occurred_at from copq.ledger as e
    where e.occurred_at >= h.hour and e.occurred_at < h.hour + interval '1 hour'
        and e.occurred_at <= $2 and e.plant = $1
    group by e.line
) as found
inner join last on last.line = found.line and last.hour = h.hour
group by found.line
