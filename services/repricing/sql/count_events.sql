-- Events of these plants (null: of all) from $2 until before $3.
select count(*) from copq.event
where occurred_at >= $2 and occurred_at < $3 and event_type <> 'correction'
    and ($1::text[] is null or plant = any($1))
