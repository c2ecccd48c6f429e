-- Figures by month, for the controller. $month and ${plant:regex} are variables of Grafana.

-- name: month_names
-- The months that have figures, newest first.
select distinct to_char(day, 'YYYY-MM') as month
from copq.rollup
where grain = 'month' and plant ~ $name$^(${plant:regex})$$name$
order by month desc

-- name: categories
-- Quality cost of each month by category, for thirteen months.
select
    to_char(day, 'YYYY-MM') as month,
    copq.rounded(internal, currency) as "internal failure",
    copq.rounded(external, currency) as "external failure",
    copq.rounded(administrative, currency) as "administrative failure",
    copq.rounded(appraisal, currency) as appraisal,
    copq.rounded(prevention, currency) as prevention
from (
    select
        day, currency,
        sum(net) filter (where category = 'internal_failure') as internal,
        sum(net) filter (where category = 'external_failure') as external,
        sum(net) filter (where category = 'administrative_failure') as administrative,
        sum(net) filter (where category = 'appraisal') as appraisal,
        sum(net) filter (where category = 'prevention') as prevention
    from copq.rollup
    where grain = 'month' and category <> 'none' and day > now() - interval '13 months'
        and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'
    group by day, currency
) as sums
order by day

-- name: months
-- Quality cost of each month by category, in money and over the base.
select
    to_char(day, 'YYYY-MM') as month,
    copq.rounded(internal, currency) as "internal failure",
    copq.rounded(external, currency) as "external failure",
    copq.rounded(administrative, currency) as "administrative failure",
    copq.rounded(failure, currency) as "COPQ",
    copq.rounded(appraisal, currency) as appraisal,
    copq.rounded(prevention, currency) as prevention,
    copq.rounded(quality, currency) as "cost of quality",
    copq.rounded(base, currency) as base,
    failure / nullif(base, 0) as "COPQ over base",
    quality / nullif(base, 0) as "cost of quality over base",
    currency
from (
    select
        day, currency,
        sum(net) filter (where category = 'internal_failure') as internal,
        sum(net) filter (where category = 'external_failure') as external,
        sum(net) filter (where category = 'administrative_failure') as administrative,
        sum(net) filter (where category like '%_failure') as failure,
        sum(net) filter (where category = 'appraisal') as appraisal,
        sum(net) filter (where category = 'prevention') as prevention,
        sum(net) filter (where category <> 'none') as quality,
        sum(base) as base
    from copq.rollup
    where grain = 'month' and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'
    group by day, currency
) as sums
order by day desc
limit 24

-- name: months_over_bases
-- Quality cost of each month over the bases that finance has imported for the whole plant.
select
    to_char(m.day, 'YYYY-MM') as month, m.plant, b.base, copq.rounded(b.amount, m.currency) as amount,
    failure / b.amount as "COPQ over it", quality / b.amount as "cost of quality over it",
    versions > 1 as restated, m.currency
from (
    select
        day, plant, currency,
        coalesce(sum(net) filter (where category like '%_failure'), 0) as failure,
        coalesce(sum(net) filter (where category <> 'none'), 0) as quality
    from copq.rollup
    where grain = 'month' and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'
    group by day, plant, currency
) as m
join (
    select distinct on (plant, month, base)
        plant, month, base, amount, currency,
        count(*) over (partition by plant, month, base) as versions
    from copq.base_amount
    where grouping = ''
    order by plant, month, base, base_id desc
) as b on b.plant = m.plant and b.month = m.day and b.currency = m.currency
where b.amount is not null
order by m.day desc, m.plant, b.base
limit 200

-- name: restated
-- COPQ of each month, as first reported and as restated.
select
    to_char(month, 'YYYY-MM') as month,
    copq.rounded(first_reported, currency) as "as first reported",
    copq.rounded(restated, currency) as "as restated",
    copq.rounded(restated - first_reported, currency) as difference,
    (restated - first_reported) / nullif(first_reported, 0) as change,
    case when is_open then 'not closed yet' else 'closed' end as state,
    currency
from (
    select
        month, currency, sum(first_reported) as first_reported, sum(restated) as restated,
        bool_or(is_open) as is_open
    from (
        select plant, month, currency, category, net as first_reported, 0 as restated, is_open
        from copq.first_reported
        union all
        select plant, day, currency, category, 0, net, false
        from copq.rollup
        where grain = 'month'
    ) as figures
    where month > now() - interval '13 months' and category like '%_failure'
        and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'
    group by month, currency
) as sums
order by sums.month desc

-- name: reporting
-- Figures of all plants by month, in the reporting currency.
select
    to_char(day, 'YYYY-MM') as month,
    case when unconverted = 0 then copq.rounded(failure, currency) end as "COPQ",
    case when unconverted = 0 then copq.rounded(quality, currency) end as "cost of quality",
    case when unconverted = 0 then copq.rounded(base, currency) end as base,
    case when unconverted = 0 then failure / nullif(base, 0) end as "COPQ over base",
    unconverted as "entries without exchange rate",
    currency
from (
    select
        day, currency,
        sum(net) filter (where category like '%_failure') as failure,
        sum(net) filter (where category <> 'none') as quality,
        sum(base) as base,
        sum(unconverted) as unconverted
    from copq.reporting_rollup
    where grain = 'month'
    group by day, currency
) as sums
order by day desc
limit 24

-- name: waterfall
-- From one sum to another, the elements that changed most between them. `below` is the height at
-- which a step starts; it is not drawn.
with figures as (
    {{figures}}
),
ranked as (
    select
        element, sum(after) - sum(before) as change,
        row_number() over (order by abs(sum(after) - sum(before)) desc, element) as place
    from figures
    group by element
    having sum(after) <> sum(before)
),
step as (
    select
        least(place, 9) as place, case when place < 9 then element else 'all others' end as step,
        sum(change) as change
    from ranked
    group by 1, 2
),
hung as (
    select
        place, step, change,
        (select sum(before) from figures) + sum(change) over (order by place) as reached
    from step
)
select
    step, copq.rounded(below, '$currency') as below, copq.rounded(sum, '$currency') as sum,
    copq.rounded(more, '$currency') as more, copq.rounded(less, '$currency') as less
from (
    select
        0 as place, {{before}} as step, null as below, sum(before) as sum, null as more,
        null as less
    from figures
    union all
    select
        place, step, least(reached, reached - change), null, nullif(greatest(change, 0), 0),
        nullif(greatest(-change, 0), 0)
    from hung
    union all
    select 10, {{after}}, null, sum(after), null, null
    from figures
) as drawn
order by place

-- name: figures_months
-- COPQ of each element in the month before and in the month chosen.
select
    element,
    case when day < '$month-01' then net else 0 end as before,
    case when day < '$month-01' then 0 else net end as after
from copq.rollup
where grain = 'month' and day in ('$month-01'::date - interval '1 month', '$month-01')
    and category like '%_failure'
    and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'

-- name: figures_restated
-- COPQ of each element in the month chosen, as first reported and as it is now.
select element, net as before, 0 as after
from copq.first_reported
where month = '$month-01' and category like '%_failure'
    and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'
union all
select element, 0, net
from copq.rollup
where grain = 'month' and day = '$month-01' and category like '%_failure'
    and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency'

-- name: month_entries
-- The newest entries of the month chosen.
select
    occurred_at as "time", plant, line, event_id, category, element, product, stage, work_unit,
    defect_code, quantity,
    copq.rounded(gross, currency) as gross, copq.rounded(recovered, currency) as recovered,
    copq.rounded(allowed, currency) as allowed, copq.rounded(net, currency) as net,
    currency, rate_version, booked_at
from copq.ledger
where day >= '$month-01'::date and day < '$month-01'::date + interval '1 month'
    and occurred_at >= '$month-01'::timestamp - interval '2 days'
    and occurred_at < '$month-01'::timestamp + interval '1 month 2 days'
    and plant ~ $name$^(${plant:regex})$$name$ and currency = '$currency' and category <> 'none'
order by occurred_at desc, event_id, entry_no
limit 500

-- name: unpriced
-- Events without a price by reason, most frequent first.
select
    plant, line, event_type, product, reason, count(*) as events, min(since) as since,
    copq.rounded(sum(copq.worth_at(worth, per_hour, occurred_at, now())), currency) as "worth about", currency
from copq.unpriced
where plant ~ $name$^(${plant:regex})$$name$
group by plant, line, event_type, product, reason, currency
order by events desc
limit 100
