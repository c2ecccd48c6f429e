select exists (select from copq.claim where event_id = any($1::text[]))
