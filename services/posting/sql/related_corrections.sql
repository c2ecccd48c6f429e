-- The corrections among these ids.
select *
from copq.correction
where event_id = any($1::text[]) and not beyond
order by occurred_at, event_id
