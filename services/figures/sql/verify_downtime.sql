-- How often each booked piece of a line's downtime stands, what was reversed taken off.
select
    event_id, occurred_at, element, coalesce(product, '') as product, currency,
    abs(seconds) as seconds, abs(gross) as gross,
    sum(case when reverses is null then 1 else -1 end)::int as standing
from copq.ledger
where plant = $1 and line = $2 and element in ('downtime', 'planned_stop')
group by 1, 2, 3, 4, 5, 6, 7
having sum(case when reverses is null then 1 else -1 end) <> 0
