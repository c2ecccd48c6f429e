-- The month (UTC) of the first event behind ($1, $2) and before $3; null where there is none.
select date_trunc('month', occurred_at at time zone 'UTC')::date
from copq.event
where occurred_at >= $1 and (occurred_at, event_id) > ($1, $2::text collate "C")
    and occurred_at < $3
order by occurred_at, event_id
limit 1
