update copq.repricing set state = 'done', ended_at = clock_timestamp()
where repricing_id = $1 and state = 'running'
