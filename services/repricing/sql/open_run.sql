-- The repricing at this revision that was asked for in these words and is not at its end.
select * from copq.repricing
where state = 'running' and revision = $1 and plant is not distinct from $2
    and product is not distinct from $3 and asked_from is not distinct from $4
    and asked_to is not distinct from $5
order by repricing_id desc
limit 1
