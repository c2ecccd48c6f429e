-- Unplanned stops of plant $1 (and line $2) that ended from $3 on and before $4: each once, whatever
-- reported it and in however many pieces.
select line, count(*) as stops, extract(epoch from sum(over_at - began_at))::float8 as seconds
from (
    select distinct line, work_unit, defect_code, began_at, over_at
    from copq.stop
    where not planned and not voided and over_at >= $3 and over_at < $4 and plant = $1
        and ($2::text is null or line = $2)
) as ended
group by line
