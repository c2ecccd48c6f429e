-- All entries of these events, which happened at these times.
select l.*
from unnest($1::text[], $2::timestamptz[]) as e (event_id, occurred_at)
join copq.ledger as l on l.occurred_at = e.occurred_at and l.event_id = e.event_id
order by l.event_id, l.entry_no
