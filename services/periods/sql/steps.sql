-- What was done with a month, with the digest of what was signed off.
select s.step, s.what, s.closing, s.done_at, s.done_by, s.why, s.unfinished, c.entries, c.digest
from copq.period_step as s
left join copq.closing as c
    on s.what = 'closed' and (c.plant, c.month, c.closing) = (s.plant, s.month, s.closing)
where s.plant = $1 and s.month = $2
order by s.step
