delete from batch where not event_id = any($1::text[])
