-- name: of_cells
-- Those cells of the rollups that a report is about. Production is part of each: it is the base.
(:plant::text is null or plant = :plant)
    and (:line::text is null or line = :line)
    and (:product::text is null or product = :product)
    and (:element::text is null or element in (:element, 'production'))

-- name: of_entries
-- The same for entries of the ledger.
(:plant::text is null or plant = :plant)
    and (:line::text is null or line = :line)
    and (:product::text is null or coalesce(product, '') = :product)
    and (:element::text is null or element in (:element, 'production'))

-- name: figures_span
-- The first and the last production day with figures of a plant, line, product and element.
select min(day) as first, max(day) as last from copq.rollup
where grain = 'day'
    and (:plant::text is null or plant = :plant)
    and (:line::text is null or line = :line)
    and (:product::text is null or product = :product)
    and (:element::text is null or element = :element)

-- name: report_first
-- `report` for months as first reported by each plant. `is_open`: the month was never closed, so
-- the figures are as of now.
select
    null::timestamptz as hour,
    month as day,
    plant,
    case when 'line' = any(:by::text[]) then line end as line,
    case when 'product' = any(:by::text[]) then product end as product,
    null::text as "group",
    element, category, currency,
    sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
    sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
    sum(good) as good, sum(ungraded) as ungraded, 0::bigint as unconverted,
    bool_or(is_open) as is_open
from copq.first_reported
where {{of_cells}}
    and (:start::date is null or month >= :start)
    and (:end::date is null or month < :end)
group by 2, 3, 4, 5, 6, 7, 8, 9

-- name: closed_months
-- The months that were ever closed.
select plant, month from copq.period

-- name: report
-- Sums by bucket, element and currency, and by plant, line, product and group if :by names them.
-- With :months_of_days, days are summed to months. Production is always read, since it is the base.
-- Lines that :names does not list are together in one row; without :names each line has its own
-- row.
select
    case when grain = 'hour' then hour end as hour,
    case
        when :months_of_days::boolean then date_trunc('month', day::timestamp)::date
        when grain <> 'hour' then day
    end as day,
    case when 'plant' = any(:by::text[]) then plant end as plant,
    copq.row_line(
        'line' = any(:by::text[]), :names::text[] is null or named is not null, line) as line,
    case when 'product' = any(:by::text[]) then product end as product,
    case when 'group' = any(:by::text[]) then {{product_group}} end as "group",
    element, category, currency,
    sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
    sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
    sum(good) as good, sum(ungraded) as ungraded, sum(unconverted)::bigint as unconverted,
    false as is_open
from {{rollup}}
left join (select distinct unnest(:names::text[]) as named) as n on named = line
{{group_join}}
where grain = :grain
    and {{of_cells}}
    and {{in_group}}
    and (:first_day::date is null or day >= :first_day)
    and (:last_day::date is null or day < :last_day)
    and (:first_hour::timestamptz is null or hour >= :first_hour)
    and (:last_hour::timestamptz is null or hour < :last_hour)
group by 1, 2, 3, 4, 5, 6, 7, 8, 9

-- name: report_booked
-- `report` from an earlier ledger of each plant: as of :as_of or, without it, as each month was
-- first closed (`is_open`: it was never closed, so the figures are as of now). Late events for a
-- closed month, booked before its first closing, count in the month itself.
select
    case when :grain = 'hour' then hour end as hour,
    case when :grain <> 'hour' then bucket end as day,
    plant,
    case when 'line' = any(:by::text[]) then line end as line,
    case when 'product' = any(:by::text[]) then coalesce(product, '') end as product,
    case when 'group' = any(:by::text[]) then {{product_group}} end as "group",
    element, category, currency,
    sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
    sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
    sum(good) as good, sum(ungraded) as ungraded,
    sum(case when exchange_rate is not null then 0 when reverses is null then 1 else -1 end)
        as unconverted,
    bool_or(:as_of::timestamptz is null and first_closed_at is null) as is_open
from {{ledger}} as l
left join (select plant as of_plant, month, first_closed_at from copq.period) as p
    on of_plant = plant and month = date_trunc('month', day::timestamp)::date
cross join lateral (
    select case when :grain = 'month' then date_trunc('month', day::timestamp)::date else day end
        as bucket
) as b
{{group_join}}
where booked_at <= coalesce(:as_of::timestamptz, first_closed_at, 'infinity')
    and {{of_entries}}
    and {{in_group}}
    and (:first_day::date is null or (bucket >= :first_day
            and occurred_at >= :first_day::date - interval '3 days'))
    and (:last_day::date is null or (bucket < :last_day
            and occurred_at < :last_day::date + interval '34 days'))
    and (:first_hour::timestamptz is null or hour >= :first_hour)
    and (:last_hour::timestamptz is null or hour < :last_hour)
group by 1, 2, 3, 4, 5, 6, 7, 8, 9
