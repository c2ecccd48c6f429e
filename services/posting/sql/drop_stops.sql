-- Stops without a rate are none until they have one.
delete from copq.stop where event_id = any($1::text[])
returning event_id, plant, line, started_at, ended_at, voided
