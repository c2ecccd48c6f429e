-- The run, if it is where it is believed to be and goes on; held until the transaction ends.
select repricing_id from copq.repricing
where repricing_id = $1 and position_at = $2 and position_id = $3 and state = 'running'
for update
