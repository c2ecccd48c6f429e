-- What was ordered in the same words and has not ended.
select * from copq.retention
where subject = $1 and before = $2 and plant is not distinct from $3 and finished_at is null
order by retention desc
limit 1
