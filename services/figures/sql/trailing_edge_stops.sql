-- The booked time of stops in the hours at a window's edges, as far as it lies between $12 and $13:
-- all of the hour $6, which ends at $7, since what began before the window may last into it; and of
-- the hour $8 up to $5. $9 is the window's start. Lines and products as in trailing_edges.sql.
select
    plant,
    copq.row_line('line' = any($10::text[]) or $2::text is not null, $11::text[] is null or named is not null, line) as line,
    case when 'product' = any($10::text[]) or $3::text is not null then coalesce(product, '') end as product,
    element, category, currency,
    sum(copq.part_of_stop(gross, occurred_at, seconds, $12, $13)) as gross,
    sum(copq.part_of_stop(net, occurred_at, seconds, $12, $13)) as net,
    sum(copq.part_of_stop(seconds, occurred_at, seconds, $12, $13)) as seconds,
    sum(case when exchange_rate is not null then 0 when reverses is null then 1 else -1 end)::bigint
        as unconverted
from (
    select * from copq.ledger
    where occurred_at >= $6 and occurred_at < $7 and occurred_at <= $5 and hour = $6
        and occurred_at + (abs(seconds) + 1) * interval '1 second' > $9
    union all
    select * from copq.ledger
    where occurred_at >= $8 and occurred_at <= $5 and hour = $8
) as edges
left join (select distinct unnest($11::text[]) as named) as n on named = line
where plant = any($1::text[])
    and ($2::text is null or line = $2)
    and ($3::text is null or product = $3)
    and ($4::text is null or element = $4)
    and element in ('downtime', 'planned_stop')
    and occurred_at < $13::timestamptz
    and occurred_at + make_interval(secs => abs(seconds)::float8) > $12::timestamptz
group by 1, 2, 3, 4, 5, 6
