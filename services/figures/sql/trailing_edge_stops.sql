-- The booked time of stops in the hours at a window's edges, each entry on its own: all of the
-- hour $6, which ends at $7, since what began before the window may last into it; and of the
-- hour $8 up to $5.
select
    plant, line, coalesce(product, '') as product, element, category, currency, occurred_at,
    gross, net, seconds,
    case when exchange_rate is not null then 0 when reverses is null then 1 else -1 end as unconverted
from (
    select * from copq.ledger
    where occurred_at >= $6 and occurred_at < $7 and occurred_at <= $5 and hour = $6
    union all
    select * from copq.ledger
    where occurred_at >= $8 and occurred_at <= $5 and hour = $8
) as edges
where plant = any($1::text[])
    and ($2::text is null or line = $2)
    and ($3::text is null or product = $3)
    and ($4::text is null or element = $4)
    and element in ('downtime', 'planned_stop')
