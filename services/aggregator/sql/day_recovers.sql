-- Whether anything recoverable that was rejected on the day stands.
select coalesce(sum(recovered), 0) > 0
from copq.rollup
where grain = 'day' and plant = $1 and line = $2 and product = $3 and day = $4
    and element in ('defect', 'scrap')
