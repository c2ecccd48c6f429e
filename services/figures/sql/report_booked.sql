-- As report.sql, of each plant from what the ledger held at an instant: $11, or without it as each
-- month was first closed (`is_open`: it never was, so as of now). Late events for a closed month
-- before its first closing is booked in the month itself.
select
    case when $1 = 'hour' then hour end as hour,
    case when $1 <> 'hour' then bucket end as day,
    plant,
    case when 'line' = any($2::text[]) then line end as line,
    case when 'product' = any($2::text[]) then coalesce(product, '') end as product,
    element, category, currency,
    sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
    sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
    sum(good) as good, sum(ungraded) as ungraded,
    sum(case when exchange_rate is not null then 0 when reverses is null then 1 else -1 end)
        as unconverted,
    bool_or($11::timestamptz is null and first_closed_at is null) as is_open
from copq.ledger as l
left join (select plant as of_plant, month, first_closed_at from copq.period) as p
    on of_plant = plant and month = date_trunc('month', day::timestamp)::date
cross join lateral (
    select case when $1 = 'month' then date_trunc('month', day::timestamp)::date else day end
        as bucket
) as b
where booked_at <= coalesce($11::timestamptz, first_closed_at, 'infinity')
    and ($3::text is null or plant = $3)
    and ($4::text is null or line = $4)
    and ($5::text is null or coalesce(product, '') = $5)
    and ($6::text is null or element in ($6, 'production'))
    and ($7::date is null or (bucket >= $7 and occurred_at >= $7::date - interval '3 days'))
    and ($8::date is null or (bucket < $8 and occurred_at < $8::date + interval '34 days'))
    and ($9::timestamptz is null or hour >= $9)
    and ($10::timestamptz is null or hour < $10)
group by 1, 2, 3, 4, 5, 6, 7, 8
