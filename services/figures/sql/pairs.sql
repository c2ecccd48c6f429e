-- What lines made, what made or cost most since the day $1 first; at most $2.
select plant, line, product
from copq.rollup
where grain = 'month' and day >= $1
group by plant, line, product
order by sum(abs(net)) + sum(base) desc, plant, line, product
limit $2
