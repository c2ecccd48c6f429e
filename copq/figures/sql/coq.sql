-- name: coq_restated
-- The sums of the cost of quality from the rollups; see `coq_sums`.
with booked as (
    select
        case when :months_of_days::boolean then date_trunc('month', day::timestamp)::date else day
        end as day,
        plant, line, product, {{product_group}} as "group", element, category, currency, net, base,
        quantity, unconverted, false as is_open
    from {{rollup}}
    {{group_join}}
    where grain = :grain
        and {{of_cells}}
        and {{in_group}}
        and (:start::date is null or day >= :start)
        and (:end::date is null or day < :end)
), {{coq_sums}}

-- name: coq_first
-- The same of months as first reported.
with booked as ({{report_first}}), {{coq_sums}}

-- name: coq_booked
-- The same from an earlier ledger.
with booked as ({{report_booked}}), {{coq_sums}}

-- name: coq_sums
-- The sums of each month, cut and currency. `is_shown` are the first :most of the months
-- [:first, :last); the same cuts of the other months that are read are there to compare with. `known` is the number of all cuts
-- of [:first, :last). :cut names the dimensions of a cut. `plants` are those with costs in it,
-- `open_in` those that have not closed the month. A cut without a figure is left out.
-- :open_months to :open_amounts are what open stops add, one by one.
cells as (
    select
        day as month, plant, coalesce(line, '') as line, coalesce(product, '') as product,
        coalesce("group", '') as "group", element, category, currency, net, base, quantity,
        0 as provisional, unconverted, is_open
    from booked
    union all
    select
        month, plant, line, product, "group", element, category, currency, net, 0, 0, net, 0, is_open
    from unnest(
        :open_months::date[], :open_plants::text[], :open_lines::text[], :open_products::text[],
        :open_groups::text[], :open_elements::text[], :open_categories::text[],
        :open_currencies::text[], :open_amounts::numeric[], :open_is_open::boolean[]
    ) as o (month, plant, line, product, "group", element, category, currency, net, is_open)
), by_plant as (
    select
        month, plant,
        case when 'line' = any(:cut::text[]) then line else '' end as line,
        case when 'product' = any(:cut::text[]) then product else '' end as product,
        case when 'group' = any(:cut::text[]) then "group" else '' end as "group",
        currency,
        sum(net) filter (where category = 'prevention') as prevention,
        sum(net) filter (where category = 'appraisal') as appraisal,
        sum(net) filter (where category = 'internal_failure') as internal_failure,
        sum(net) filter (where category = 'external_failure') as external_failure,
        sum(net) filter (where category = 'administrative_failure') as administrative_failure,
        sum(base) filter (where element = 'production') as production,
        sum(quantity) filter (where element = 'production') as units,
        sum(provisional) filter (where category <> 'none') as provisional,
        sum(unconverted) as unconverted,
        bool_or(is_open) as is_open,
        bool_or(net <> 0 and category <> 'none') as has_cost
    from cells
    group by 1, 2, 3, 4, 5, 6
), sums as materialized (
    select
        month, case when 'plant' = any(:cut::text[]) then plant else '' end as plant,
        line, product, "group", currency,
        coalesce(sum(prevention), 0) as prevention,
        coalesce(sum(appraisal), 0) as appraisal,
        coalesce(sum(internal_failure), 0) as internal_failure,
        coalesce(sum(external_failure), 0) as external_failure,
        coalesce(sum(administrative_failure), 0) as administrative_failure,
        coalesce(sum(production), 0) as production,
        coalesce(sum(units), 0) as units,
        coalesce(sum(provisional), 0) as provisional,
        sum(unconverted)::bigint as unconverted,
        array_agg(plant) as plants,
        array_agg(plant) filter (where is_open) as open_in
    from by_plant
    group by 1, 2, 3, 4, 5, 6
    having
        bool_or(has_cost) or sum(production) <> 0 or sum(units) <> 0
        or (:converted::boolean and sum(unconverted) <> 0)
), shown as (
    select month, plant, line, product, "group", currency from sums
    where month >= :first::date and (:last::date is null or month < :last)
    order by
        month,
        case (:cut::text[])[1] when 'plant' then plant when 'line' then line
            when 'group' then "group" else product end collate "C",
        case (:cut::text[])[2] when 'plant' then plant when 'line' then line
            when 'group' then "group" else product end collate "C",
        case (:cut::text[])[3] when 'plant' then plant when 'line' then line
            when 'group' then "group" else product end collate "C",
        case (:cut::text[])[4] when 'plant' then plant when 'line' then line
            when 'group' then "group" else product end collate "C",
        currency collate "C"
    limit :most::bigint
)
select
    s.*, coalesce(is_shown, false) as is_shown,
    (
        select count(*) from sums
        where month >= :first::date and (:last::date is null or month < :last)
    ) as known
from sums as s
left join (select *, true as is_shown from shown) as f
    using (month, plant, line, product, "group", currency)
join (select distinct plant, line, product, "group", currency from shown) as c
    using (plant, line, product, "group", currency)
