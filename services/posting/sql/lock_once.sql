-- The entries of these ids, and no batch under way that may need them.
select event_id, occurred_at from copq.event_key
where event_id = any($1::text[])
order by event_id
for update
