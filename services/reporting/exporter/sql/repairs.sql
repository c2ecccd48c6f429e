-- Unplanned stops that ended after $1 and up to $2, one a machine and start whatever reported it.
select plant, line, count(*) as stops, extract(epoch from sum(lasted))::float8 as seconds
from (
    select plant, line, max(ended_at) - started_at as lasted
    from copq.stop
    where not planned and not voided and ended_at > $1 and ended_at <= $2 and plant = any($3::text[])
    group by plant, line, work_unit, started_at
) as ended
group by plant, line
