-- All corrections that are looked at.
select * from copq.correction where not beyond order by occurred_at, event_id
