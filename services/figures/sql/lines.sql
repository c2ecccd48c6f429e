-- Lines that were heard of, what made or cost most since the day $1 first; at most $2.
select h.plant, h.line
from copq.line_heard as h
left join (
    select plant, line, sum(abs(net)) + sum(base) as weight
    from copq.rollup
    where grain = 'month' and day >= $1
    group by plant, line
) as r using (plant, line)
order by r.weight desc nulls last, h.plant, h.line
limit $2
