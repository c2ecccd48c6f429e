-- Those of these ids whose events are stored.
select
    k.event_id, k.occurred_at, e.event_type, e.plant, e.line,
    not exists (select from copq.claim as c where c.event_id = k.event_id) as alone
from copq.event_key as k
join copq.event as e on e.occurred_at = k.occurred_at and e.event_id = k.event_id
where k.event_id = any($1::text[])
