-- Events without a price, by why; the largest group first. A reason may name the instant of its
-- event: left out, or each event were a group of its own.
select
    regexp_replace(reason, ' at \d{4}-\d\d-\d\dT[^ ]*[0-9Z]', '') as reason,
    event_type, plant, line, product, count(*) as events, min(since) as since,
    min(occurred_at) as first_occurred_at, max(occurred_at) as last_occurred_at
from copq.unpriced
group by 1, 2, 3, 4, 5
order by events desc, since, reason, plant, line
