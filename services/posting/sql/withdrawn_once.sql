select event_id from copq.withdrawn where event_id = any($1::text[]) order by event_id
