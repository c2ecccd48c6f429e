-- The time within which an event's entries lie: a stop's last as long as it does. None, where a
-- correction alone has named it so far.
select key.occurred_at as first, coalesce(stop.ended_at, key.occurred_at) as last
from copq.event_key as key
left join copq.stop on stop.event_id = key.event_id
where key.event_id = $1 and key.occurred_at < 'infinity'
