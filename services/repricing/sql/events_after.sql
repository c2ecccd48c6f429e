-- The next events of these plants (null: of all) after a position, until before $4.
select event_id, occurred_at, payload
from copq.event
where occurred_at >= $2 and (occurred_at, event_id) > ($2, $3) and occurred_at < $4
    and event_type <> 'correction' and payload is not null
    and ($1::text[] is null or plant = any($1))
order by occurred_at, event_id
limit $5
