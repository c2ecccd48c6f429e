insert into copq.period_step (
    plant, month, step, what, closing, done_at, done_by, why, unfinished)
select $1, $2, coalesce(max(step), 0) + 1, $3, $4, $5, $6, $7, $8
from copq.period_step
where plant = $1 and month = $2
