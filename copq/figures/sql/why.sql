-- name: changed_leaves
-- Failure cost by every recorded dimension in two windows of production days, :after_first to
-- :after_last and :before_first to :before_last; at most :limit rows. Of what the summary has, they are
-- the sums of the :grains that begin on the :days, each added to or, of :are_added, subtracted from the
-- window that :are_after says. What the summary lacks is in the ledger (`not_summed`). The digits of an
-- amount are those that it has, whatever else was added and subtracted.
-- `squares` are sums of the squares of the entries that stand: a reversal takes away the square of
-- its entry. With :by_attributes losses are by the attributes that :declared names. With :converted all
-- money is in the reporting currency.
with part as materialized (
    select *
    from unnest(:grains::text[], :days::date[], :are_added::bool[], :are_after::bool[])
        as part (grain, day, is_added, is_after)
), held as materialized (
    select leaf, is_after, sum(net) as net, sum(squares) as squares, sum(entries) as entries
    from (
        select
            s.leaf, part.is_after, case when is_added then s.entries else - s.entries end as entries,
            case when is_added then own.net else - own.net end as net,
            case when is_added then own.squares else - own.squares end as squares
        from part
        join copq.summary as s using (grain, day)
        cross join lateral (
            select
                case when :converted then s.reporting_net else s.net end as net,
                case when :converted then s.reporting_squares else s.squares end as squares
        ) as own
        where :until::bigint > 0 and (:plant::text is null or s.plant = :plant)
            and (:line::text is null or s.line = :line)
    ) as found
    group by 1, 2
), {{entry}}, summed as (
    select
        currency, plant, line, nullif(product, '') as product, nullif(stage, '') as stage, element,
        nullif(defect_code, '') as defect_code, nullif(work_unit, '') as work_unit,
        nullif(shift, '') as shift, nullif(supplier, '') as supplier,
        case when :by_attributes then attributes else '{}' end as attributes,
        is_after, net, squares, entries
    from held
    join copq.summary_leaf using (leaf)
    where category = any(:categories::text[]) and (:product::text is null or product = :product)
    union all
    select
        currency, plant, line, product, stage, element, defect_code, work_unit, shift, supplier,
        case when :by_attributes then attributes else '{}' end,
        is_after, sum(net), sum(sign * net * net), sum(sign)
    from entry
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
)
select
    case when :converted then (select r.currency from copq.reporting_currency as r) else currency end
        as currency,
    plant, line, product, stage, element, defect_code, work_unit, shift, supplier, attributes,
    trim_scale(coalesce(sum(net) filter (where not is_after), 0)) as before,
    trim_scale(coalesce(sum(net) filter (where is_after), 0)) as after,
    coalesce(sum(squares) filter (where not is_after), 0)::float8 as squares_before,
    coalesce(sum(squares) filter (where is_after), 0)::float8 as squares_after,
    coalesce(sum(entries) filter (where not is_after), 0)::bigint as entries_before,
    coalesce(sum(entries) filter (where is_after), 0)::bigint as entries_after
from summed
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
having (coalesce(sum(net) filter (where not is_after), 0),
        coalesce(sum(net) filter (where is_after), 0),
        coalesce(sum(entries) filter (where not is_after), 0),
        coalesce(sum(entries) filter (where is_after), 0)) <> (0, 0, 0, 0)
limit :limit

-- name: production_of_windows
-- Production of two windows of production days, :after_first to :after_last and :before_first to
-- :before_last. Part of `units_made` and `units_by_day`.
from {{rollup}}
where grain = 'day' and element = 'production'
    and (day >= :after_first and day < :after_last or day >= :before_first and day < :before_last)
    and (:plant::text is null or plant = :plant)
    and (:line::text is null or line = :line)
    and (:product::text is null or product = :product)

-- name: units_made
-- Units made by plant, line and product in two windows of production days, :after_first to
-- :after_last and :before_first to :before_last.
select
    currency, plant, line, nullif(product, '') as product,
    coalesce(sum(quantity) filter (where day >= :before_first and day < :before_last), 0) as before,
    coalesce(sum(quantity) filter (where day >= :after_first and day < :after_last), 0) as after
{{production_of_windows}}
group by 1, 2, 3, 4

-- name: not_summed
-- Whether the summary lacks an entry l: it is of a transaction from :horizon on, and not, before :until,
-- one that occurred before :occurred_before. Part of `entry`.
booked_at >= :booked_since and {{written}} >= :horizon
    and ({{written}} >= :until or occurred_at >= :occurred_before)

-- name: written
-- The number of the transaction that wrote an entry l: 64 bits from the 32 of xmin.
(:newest::bigint - ((:newest - l.xmin::text::bigint) & 4294967295))

-- name: entry
-- The entries that the summary lacks, of two windows. They lie between the instants :after_since and
-- :after_until, :before_since and :before_until. Part of `changed_leaves` and `cause_days`.
entry as (
    select
        day, currency, plant, line, product, stage, element, defect_code, work_unit, shift, supplier,
        case when :by_attributes and :declared::jsonb ? plant
            then copq.attributes_of(event_id, plant, :declared::jsonb -> plant)
            else '{}' end as attributes,
        case when :converted then coalesce(net * exchange_rate, 0) else net end as net,
        case when reverses is null then 1 else -1 end as sign,
        day >= :after_first and day < :after_last as is_after
    from copq.ledger as l
    where {{not_summed}}
        and (occurred_at >= :after_since and occurred_at < :after_until
                and day >= :after_first and day < :after_last
            or occurred_at >= :before_since and occurred_at < :before_until
                and day >= :before_first and day < :before_last)
        and (:plant::text is null or plant = :plant)
        and (:line::text is null or line = :line)
        and (:product::text is null or product = :product)
        and category = any(:categories::text[])
)

-- name: is_own
-- Whether the losses of n are those of a cause c. Part of `cause_days`.
to_jsonb(n) @> c.filters
    and not exists (
        select from jsonb_array_elements(c.besides) as other (filters)
        where to_jsonb(n) @> other.filters)

-- name: cause_days
-- The losses of each cause by production day, plant, line and product, in two windows as in
-- `changed_leaves`. Of :causes, `filters` select the losses, an empty text those without a name; what
-- one of `besides` selects too is another cause's. :no_attributes has an empty text for each attribute
-- that the causes may name. :group_plants, :group_products and :groups are the
-- products that are in a group.
with member as materialized (
    select *
    from unnest(:group_plants::text[], :group_products::text[], :groups::text[])
        as given (plant, product, product_group)
), cause as materialized (
    select number - 1 as number, value -> 'filters' as filters, value -> 'besides' as besides
    from jsonb_array_elements(:causes::jsonb) with ordinality as given (value, number)
), leaf as materialized (
    select n.leaf, c.number, n.plant, n.line, n.product
    from (
        select
            l.leaf, l.category, l.currency, l.plant, l.line, l.product, l.stage, l.element,
            l.defect_code, l.work_unit, l.shift, l.supplier,
            :no_attributes::jsonb || l.attributes as attributes,
            coalesce(m.product_group, 'no group') as "group"
        from copq.summary_leaf as l
        left join member as m using (plant, product)
    ) as n
    join cause as c on {{is_own}}
    where :until::bigint > 0 and n.category = any(:categories::text[])
), held as (
    select
        s.leaf, s.day, case when :converted then s.reporting_net else s.net end as net
    from copq.summary as s
    where s.leaf = any(array(select leaf from leaf)) and s.grain = 'day'
        and (s.day >= :after_first and s.day < :after_last
            or s.day >= :before_first and s.day < :before_last)
), {{entry}}, named as (
    select
        day, currency, plant, line, coalesce(product, '') as product,
        coalesce(stage, '') as stage, element, coalesce(defect_code, '') as defect_code,
        coalesce(work_unit, '') as work_unit, coalesce(shift, '') as shift,
        coalesce(supplier, '') as supplier, :no_attributes::jsonb || attributes as attributes,
        sum(net) as net
    from entry
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
), summed as (
    select number, day, plant, line, product, net
    from held
    join leaf using (leaf)
    union all
    select c.number, n.day, n.plant, n.line, n.product, n.net
    from (
        select e.*, coalesce(m.product_group, 'no group') as "group"
        from named as e
        left join member as m using (plant, product)
    ) as n
    join cause as c on {{is_own}}
)
select number, day, plant, line, nullif(product, '') as product, sum(net) as net
from summed
group by 1, 2, 3, 4, product

-- name: attributes_of_stops
-- What the events of stops say of the attributes that :declared names for their plants.
select
    event_id,
    case when :declared::jsonb ? plant
        then copq.attributes_of(event_id, plant, :declared::jsonb -> plant)
        else '{}' end as attributes
from unnest(:ids::text[], :plants::text[]) as stop (event_id, plant)

-- name: units_by_day
-- Units made by production day, plant, line and product, in two windows of production days,
-- :after_first to :after_last and :before_first to :before_last.
select currency, day, plant, line, nullif(product, '') as product, sum(quantity) as made
{{production_of_windows}}
group by 1, 2, 3, 4, 5
