-- The booked time of stops in the hours at a window's edges: all of the hour $6, which ends at $7,
-- since what began before the window may last into it; and of the hour $8 up to $5. What lies in
-- the window after $9 is summed, by lines and products as in trailing_edges.sql. An entry within a
-- second of an edge, or over it, is a row of its own with `occurred_at`: a part of it counts.
select
    plant,
    case when 'line' = any($10::text[]) or $2::text is not null then
        case when $11::text[] is null or named is not null then line else '(other)' end
    end as line,
    case when 'product' = any($10::text[]) or $3::text is not null then coalesce(product, '') end as product,
    element, category, currency,
    case when not is_inside then occurred_at end as occurred_at,
    sum(gross) as gross, sum(net) as net, sum(seconds) as seconds,
    sum(case when exchange_rate is not null then 0 when reverses is null then 1 else -1 end)::bigint
        as unconverted
from (
    select
        *,
        occurred_at - interval '1 second' >= $9
            and occurred_at + (abs(seconds) + 1) * interval '1 second' <= $5 as is_inside
    from (
        select * from copq.ledger
        where occurred_at >= $6 and occurred_at < $7 and occurred_at <= $5 and hour = $6
            and occurred_at + (abs(seconds) + 1) * interval '1 second' > $9
        union all
        select * from copq.ledger
        where occurred_at >= $8 and occurred_at <= $5 and hour = $8
    ) as edges
    where plant = any($1::text[])
        and ($2::text is null or line = $2)
        and ($3::text is null or product = $3)
        and ($4::text is null or element = $4)
        and element in ('downtime', 'planned_stop')
) as stops
left join (select distinct unnest($11::text[]) as named) as n on named = line
group by
    1, 2, 3, 4, 5, 6, 7,
    case when not is_inside then event_id end, case when not is_inside then entry_no end
