-- name: row_keys
-- The line, the product and the group of a row: only where :by or a filter asks for them. Lines that :names
-- does not list are one row.
copq.row_line(
        'line' = any(:by::text[]) or :line::text is not null,
        :names::text[] is null or named is not null, line) as line,
    case when 'product' = any(:by::text[]) or :product::text is not null
        then coalesce(product, '') end as product,
    case when 'group' = any(:by::text[]) or :group::text is not null
        then {{product_group}} end as "group"

-- name: trailing_whole
-- The whole days from :first_day to :last_day, and the whole hours from :first to :last outside
-- these days. The days of the hours, from :first_around to :last_around, only serve the index. Rows
-- are split by line, product and group if :by names them; lines that :names does not list are together.
select
    plant,
    copq.row_line(
        'line' = any(:by::text[]) or :line::text is not null,
        :names::text[] is null or named is not null, line) as line,
    case when 'product' = any(:by::text[]) or :product::text is not null
        then product end as product,
    case when 'group' = any(:by::text[]) or :group::text is not null
        then {{product_group}} end as "group",
    element, category, currency,
    sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
    sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
    sum(good) as good, sum(ungraded) as ungraded, sum(unconverted)::bigint as unconverted
from (
    select * from {{rollup}}
    where grain = 'day' and day >= :first_day and day < :last_day
    union all
    select * from {{rollup}}
    where grain = 'hour' and hour >= :first and hour < :last
        and (
            (day >= :first_around and day < :first_day)
            or (day >= :last_day and day <= :last_around))
) as whole
left join (select distinct unnest(:names::text[]) as named) as n on named = line
{{group_join}}
where plant = any(:plants::text[])
    and (:line::text is null or line = :line)
    and (:product::text is null or product = :product)
    and {{in_group}}
    and (:element::text is null or element in (:element, 'production'))
group by 1, 2, 3, 4, 5, 6, 7

-- name: trailing_edge_stops
-- The booked time of stops in the hours at a window's edges, as far as it lies between :since and
-- :until. It reads the whole hour :before, which ends at :first, since a stop that began before the
-- window may last into it; and the hour :last up to :now. :start is the window's start. Lines and
-- products as in `trailing_edges`.
select
    plant,
    {{row_keys}},
    element, category, currency,
    sum(copq.part_of_stop(gross, occurred_at, seconds, :since, :until)) as gross,
    sum(copq.part_of_stop(net, occurred_at, seconds, :since, :until)) as net,
    sum(copq.part_of_stop(seconds, occurred_at, seconds, :since, :until)) as seconds,
    sum(case when exchange_rate is not null then 0 when reverses is null then 1 else -1 end)::bigint
        as unconverted
from (
    select * from {{ledger}}
    where occurred_at >= :before and occurred_at < :first and occurred_at <= :now
        and hour = :before
        and occurred_at + (abs(seconds) + 1) * interval '1 second' > :start
    union all
    select * from {{ledger}}
    where occurred_at >= :last and occurred_at <= :now and hour = :last
) as edges
left join (select distinct unnest(:names::text[]) as named) as n on named = line
{{group_join}}
where plant = any(:plants::text[])
    and (:line::text is null or line = :line)
    and (:product::text is null or product = :product)
    and {{in_group}}
    and (:element::text is null or element = :element)
    and element in ('downtime', 'planned_stop')
    and occurred_at < :until::timestamptz
    and occurred_at + make_interval(secs => abs(seconds)::float8) > :since::timestamptz
group by 1, 2, 3, 4, 5, 6, 7

-- name: trailing_edges
-- The parts of hours at a window's edges, without stops: after :start in the hour :before, which
-- ends at :first, and up to :now in the hour :last. Rows are split by line, product and group if :by
-- names them; lines that :names does not list are together.
select
    plant,
    {{row_keys}},
    element, category, currency,
    sum(quantity) as quantity, sum(gross) as gross, sum(recovered) as recovered,
    sum(allowed) as allowed, sum(net) as net, sum(seconds) as seconds, sum(base) as base,
    sum(good) as good, sum(ungraded) as ungraded, coalesce(sum(case when reverses is null then 1 else -1 end)
        filter (where exchange_rate is null), 0)::bigint as unconverted
from (
    select * from {{ledger}}
    where occurred_at > :start and occurred_at < :first and occurred_at <= :now and hour = :before
    union all
    select * from {{ledger}}
    where occurred_at >= :last and occurred_at <= :now and hour = :last
) as edges
left join (select distinct unnest(:names::text[]) as named) as n on named = line
{{group_join}}
where plant = any(:plants::text[])
    and (:line::text is null or line = :line)
    and (:product::text is null or product = :product)
    and {{in_group}}
    and (:element::text is null or element in (:element, 'production'))
    and element not in ('downtime', 'planned_stop')
group by 1, 2, 3, 4, 5, 6, 7

-- name: window_cells
-- The cells of a window without stops over its edges. A key may occur twice: in whole buckets and
-- at the edges.
select
    plant, line, product, "group", element, category, currency, quantity, gross, recovered, allowed,
    net, seconds, base, good, ungraded, unconverted
from ({{trailing_whole}}) as whole
union all
select
    plant, line, product, "group", element, category, currency, quantity, gross, recovered, allowed,
    net, seconds, base, good, ungraded, unconverted
from ({{trailing_edges}}) as edges

-- name: whole_sums
-- The columns of `trailing_whole` that a scrape sums.
select
    plant, line, product, currency, element, category, quantity, net, seconds, base, good, ungraded
from ({{trailing_whole}}) as cell

-- name: edge_sums
-- The columns of `trailing_edges` that a scrape sums.
select
    plant, line, product, currency, element, category, quantity, net, seconds, base, good, ungraded
from ({{trailing_edges}}) as cell
