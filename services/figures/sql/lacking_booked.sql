-- As lacking.sql, of what the ledger held at an instant: $9, or without it as each month was first
-- closed, or is now where it never was. `late`: a rate has come since, and completes the latter.
select
    currency, late, sum(entries)::bigint as entries, count(*) as days,
    min(day) as first_day, max(day) as last_day
from (
    select
        currency, day, sum(case when reverses is null then 1 else -1 end) as entries,
        $9::timestamptz is null and copq.rate_of_day(currency, day) is not null as late
    from copq.ledger as l
    left join (select plant as of_plant, month, first_closed_at from copq.period) as p
        on of_plant = plant and month = date_trunc('month', day::timestamp)::date
    where exchange_rate is null
        and booked_at <= coalesce($9::timestamptz, first_closed_at, 'infinity')
        and ($1::text is null or plant = $1)
        and ($2::text is null or line = $2)
        and ($3::text is null or coalesce(product, '') = $3)
        and ($4::text is null or element in ($4, 'production'))
        and ($5::date is null or (day >= $5 and occurred_at >= $5::date - interval '3 days'))
        and ($6::date is null or (day < $6 and occurred_at < $6::date + interval '3 days'))
        and ($7::timestamptz is null or (hour >= $7 and occurred_at >= $7 - interval '3 days'))
        and ($8::timestamptz is null or (hour < $8 and occurred_at < $8 + interval '3 days'))
    group by currency, day
    having sum(case when reverses is null then 1 else -1 end) <> 0
) as by_day
group by currency, late
order by currency, late
