-- The parts of hours at a window's edges, stops apart: after $9 in the hour $6, which ends at $7,
-- and up to $5 in the hour $8.
select
    plant, line, coalesce(product, '') as product, element, category, currency,
    sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
    sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
    sum(good) as good, sum(ungraded) as ungraded, coalesce(sum(case when reverses is null then 1 else -1 end)
        filter (where exchange_rate is null), 0)::bigint as unconverted
from (
    select * from copq.ledger
    where occurred_at > $9 and occurred_at < $7 and occurred_at <= $5 and hour = $6
    union all
    select * from copq.ledger
    where occurred_at >= $8 and occurred_at <= $5 and hour = $8
) as edges
where plant = any($1::text[])
    and ($2::text is null or line = $2)
    and ($3::text is null or product = $3)
    and ($4::text is null or element in ($4, 'production'))
    and element not in ('downtime', 'planned_stop')
group by 1, 2, 3, 4, 5, 6
