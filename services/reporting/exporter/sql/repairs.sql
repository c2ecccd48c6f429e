-- Unplanned stops that ended after $1 and up to $2: each once, whatever reported it and in however
-- many pieces.
select plant, line, count(*) as stops, extract(epoch from sum(over_at - began_at))::float8 as seconds
from (
    select distinct plant, line, work_unit, defect_code, began_at, over_at
    from copq.stop
    where not planned and not voided and over_at > $1 and over_at <= $2 and plant = any($3::text[])
) as ended
group by plant, line
