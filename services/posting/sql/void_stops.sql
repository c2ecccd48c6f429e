-- The stops of these ids, and which of them have changed.
with changed as (
    update copq.stop as s set voided = w.voided
    from unnest($1::text[], $2::boolean[]) as w (event_id, voided)
    where s.event_id = w.event_id and s.voided <> w.voided
    returning s.event_id
)
select
    s.event_id, s.plant, s.line, s.started_at, s.ended_at,
    s.event_id in (select event_id from changed) as changed
from copq.stop as s
where s.event_id = any($1::text[])
