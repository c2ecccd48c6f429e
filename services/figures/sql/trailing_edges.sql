-- The parts of hours at a window's edges, stops apart: after $9 in the hour $6, which ends at $7,
-- and up to $5 in the hour $8. Lines and products are apart where $10 names them; lines that $11
-- does not name are together in one.
select
    plant,
    copq.row_line('line' = any($10::text[]) or $2::text is not null, $11::text[] is null or named is not null, line) as line,
    case when 'product' = any($10::text[]) or $3::text is not null then coalesce(product, '') end as product,
    element, category, currency,
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
left join (select distinct unnest($11::text[]) as named) as n on named = line
where plant = any($1::text[])
    and ($2::text is null or line = $2)
    and ($3::text is null or product = $3)
    and ($4::text is null or element in ($4, 'production'))
    and element not in ('downtime', 'planned_stop')
group by 1, 2, 3, 4, 5, 6
