-- What the batch adds to what is recoverable, of each line, product and production day.
select plant, line, product, day, sum(recovered) as recovered
from batch
where element in ('defect', 'scrap')
group by plant, line, product, day
having sum(recovered) <> 0
