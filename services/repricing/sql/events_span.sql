-- From the first event to the last.
select min(occurred_at) as first, max(occurred_at) as last from copq.event
