select e.event_id, e.payload
from unnest($1::text[], $2::timestamptz[]) as k (event_id, occurred_at)
join copq.event as e on e.occurred_at = k.occurred_at and e.event_id = k.event_id
where e.payload is not null
order by e.event_id
