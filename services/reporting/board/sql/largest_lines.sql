-- The $6 lines of plant $1 with the greatest failure cost in the months from $2 to $3.
select line
from (
    select line, day, coalesce(sum(net) filter (where category = any($4::text[])), 0) as copq
    from copq.rollup
    where grain = 'month' and plant = $1 and day >= $2 and day <= $3 and currency = $5
    group by line, day
) as monthly
group by line
order by sum(abs(copq)) desc, line collate "C"
limit $6
