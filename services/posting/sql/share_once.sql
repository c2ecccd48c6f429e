-- Nobody takes these entries back until the batch that may need them is posted.
select from copq.event_key where event_id = any($1::text[]) order by event_id for share
