-- An event as received, and why it has no price yet. A row without the event: an id that only a
-- correction has named so far, or the key of an entry that several events cause.
select
    e.event_type, e.occurred_at, e.received_at, e.plant, e.line, e.sent_by, e.origin_partition,
    e.origin_offset, e.payload, u.reason as unpriced
from copq.event_key as k
left join copq.event as e on e.occurred_at = k.occurred_at and e.event_id = k.event_id
left join copq.unpriced as u on u.event_id = k.event_id
where k.event_id = $1
