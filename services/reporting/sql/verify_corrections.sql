-- All corrections.
select * from copq.correction order by occurred_at, event_id
