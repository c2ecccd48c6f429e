with stored as (
    insert into copq.event (
        occurred_at, event_id, event_type, plant, line, received_at, payload, sent_by)
    values ($2, $1, $3, $4, $5, copq.booking_instant(), $6, $7)
)
update copq.event_key set occurred_at = $2, plant = $4, line = $5 where event_id = $1
