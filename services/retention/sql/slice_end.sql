-- The last of the next $4 events behind ($1, $2) and before $3.
select occurred_at, event_id
from (
    select occurred_at, event_id
    from copq.event
    where occurred_at >= $1 and (occurred_at, event_id) > ($1, $2::text collate "C")
        and occurred_at < $3
    order by occurred_at, event_id
    limit $4
) as slice
order by occurred_at desc, event_id desc
limit 1
