-- Events of these plants (null: of all) from $2 until before $3: those that can be priced, and
-- those whose bytes a retention has dropped, which keep what was booked.
select count(payload) as total, count(*) - count(payload) as dropped from copq.event
where occurred_at >= $2 and occurred_at < $3 and event_type <> 'correction'
    and ($1::text[] is null or plant = any($1))
