insert into copq.correction (event_id, corrects, occurred_at) values ($1, $2, $3)
