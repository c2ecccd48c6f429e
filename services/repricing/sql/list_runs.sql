-- Repricings, the newest first.
select * from copq.repricing order by repricing_id desc limit $1
