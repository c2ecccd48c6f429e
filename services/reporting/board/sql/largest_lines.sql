-- The $6 lines of plant $1 with the greatest failure cost in the production days from $2 to $3.
select line
from (
    select line, coalesce(sum(net) filter (where category = any($4::text[])), 0) as copq
    from copq.rollup
    where grain = 'day' and plant = $1 and day >= $2 and day < $3 and currency = $5
    group by line, day
) as daily
group by line
order by sum(abs(copq)) desc, line
limit $6
