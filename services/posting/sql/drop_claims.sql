-- These events have come by themselves; `stored`: as a replacement they were there before.
delete from copq.claim where event_id = any($1::text[]) returning event_id, stored
