-- Rates have changed again: what these have not reached yet is left to the next one.
update copq.repricing set state = 'superseded', ended_at = now()
where state = 'running' and revision < $1
