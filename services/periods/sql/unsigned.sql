-- The last closing of a month, where what was booked until then is not signed off yet.
select s.closing, s.done_at
from copq.period_step as s
where s.plant = $1 and s.month = $2 and s.what = 'closed'
    and not exists (
        select from copq.closing as c
        where c.plant = s.plant and c.month = s.month and c.closing = s.closing)
