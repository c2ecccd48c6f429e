-- Months with entries, of their own or of another month, or steps; newest first, a row for each
-- currency. COPQ of the month as first reported (null: never closed) and as restated; `booked` is
-- COPQ of all that is booked in it, `late` the part of that which other months brought.
with late as materialized (
    select plant, period, date_trunc('month', day::timestamp)::date as of_month, currency,
        coalesce(sum(net) filter (where category like '%\_failure'), 0) as copq
    from copq.ledger
    where period <> date_trunc('month', day::timestamp)::date and ($1::text is null or plant = $1)
    group by 1, 2, 3, 4
), figures as (
    select plant, month, currency, sum(first_reported) as first_reported,
        sum(restated) as restated, sum(booked) as booked, sum(late) as late
    from (
        select plant, month, currency,
            case when category like '%\_failure' then net else 0 end as first_reported,
            0 as restated, 0 as booked, 0 as late
        from copq.closing_figure
        where closing = 1 and of_month = month
        union all
        select plant, day, currency, 0, copq, copq, 0
        from copq.rollup
        cross join lateral (
            select case when category like '%\_failure' then net else 0 end as copq) as c
        where grain = 'month'
        union all
        select plant, period, currency, 0, 0, copq, copq from late
        union all
        select plant, of_month, currency, 0, 0, -copq, 0 from late
    ) as parts
    where $1::text is null or plant = $1
    group by 1, 2, 3
)
select
    plant, month, coalesce(p.state, 'open') as state, coalesce(p.closings, 0) as closings,
    p.first_closed_at, p.booked_in, f.currency,
    case when p.plant is not null then coalesce(f.first_reported, 0) end as first_reported,
    coalesce(f.restated, 0) as restated, coalesce(f.booked, 0) as booked,
    coalesce(f.late, 0) as late,
    coalesce(p.state, 'open') <> 'open' and exists (
        select from copq.closing as c
        where (c.plant, c.month, c.closing) = (p.plant, p.month, p.closings)) as signed
from figures as f
full join copq.period as p using (plant, month)
where ($1::text is null or plant = $1) and ($2::date is null or month = $2)
order by month desc, plant, currency
