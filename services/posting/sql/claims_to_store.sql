update copq.claim set stored = true
where event_id = any($1::text[]) and not stored
returning event_id
