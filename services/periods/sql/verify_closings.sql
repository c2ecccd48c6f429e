-- All closings: what was done, what was signed off, and the digest of what is kept of it.
select
    plant, month, closing, s.done_at, c.closed_at, c.entries, c.digest,
    copq.closing_digest(plant, month, closing) as kept_digest
from (select * from copq.period_step where what = 'closed') as s
full join copq.closing as c using (plant, month, closing)
order by plant, month, closing
