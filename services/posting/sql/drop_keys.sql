delete from copq.event_key where event_id = any($1::text[])
