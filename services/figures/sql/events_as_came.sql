-- The bytes of these events, and when they were received.
select key.event_id, found.payload, found.received_at
from copq.event_key as key
join copq.event as found on found.event_id = key.event_id and found.occurred_at = key.occurred_at
where key.event_id = any($1::text[])
