-- Months with entries or steps, newest first, a row for each currency: COPQ as first reported
-- (null: never closed) and as restated.
with first as (
    select plant, month, currency, sum(net) filter (where category like '%\_failure') as copq
    from copq.closing_figure
    where closing = 1 and of_month = month
    group by 1, 2, 3
), restated as (
    select plant, day as month, currency,
        sum(net) filter (where category like '%\_failure') as copq
    from copq.rollup
    where grain = 'month'
    group by 1, 2, 3
), figures as (
    select plant, month, currency, first.copq as first_reported, restated.copq as restated
    from restated full join first using (plant, month, currency)
)
select
    plant, month, coalesce(p.state, 'open') as state, coalesce(p.closings, 0) as closings,
    p.first_closed_at, p.booked_in, f.currency,
    case when p.plant is not null then coalesce(f.first_reported, 0) end as first_reported,
    coalesce(f.restated, 0) as restated
from figures as f
full join copq.period as p using (plant, month)
where ($1::text is null or plant = $1) and ($2::date is null or month = $2)
order by month desc, plant, currency
