select event_id from copq.unpriced where event_id = any($1::text[])
